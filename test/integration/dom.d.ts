// The types of playwright-core name these few of a browser's; the library of all of them would offer them everywhere.
interface Node {}
interface HTMLElement extends Node {}
interface SVGElement extends Node {}
interface HTMLElementTagNameMap {}
