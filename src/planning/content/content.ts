/** What a file is to hold. */
export interface Content {
  type: 'text';
  text: string;
}
