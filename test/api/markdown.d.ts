/** A page of the documentation as text: Vite's `?raw` works in Node and in browsers alike. */
declare module "*.md?raw" {
  const text: string;
  export default text;
}
