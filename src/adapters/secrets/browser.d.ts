// The types of age-encryption name these of a browser's; the library of all of them would offer them everywhere.
interface CryptoKey extends Readonly<Record<'type', string>> {}
interface AuthenticationExtensionsPRFValues {}
