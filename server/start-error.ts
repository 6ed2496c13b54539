/** Why MapWall does not start, in words for the person at the keyboard, with the next step. */
export class StartError extends Error {
  override name = 'StartError'
}
