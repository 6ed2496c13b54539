/** All that others may use of playback. */
export { createPlayback, type Playback } from './playback.ts'
export { playbackSocket } from './routes.ts'
