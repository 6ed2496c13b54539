/** Recordings that are watched: who watches which camera, from which moment on (R-PLAY). */
import type { PlaybackQuery } from '../../contract/recordings.ts'
import { createViewings, type ViewingAsk, type ViewingDeps } from '../live/index.ts'

/** Nine cameras in sync, in two windows, and some that are just being left. */
const MAX_PLAYBACKS_PER_LOGIN = 24

export type PlaybackDeps = ViewingDeps & { maxPlaybacksPerLogin?: number }

export function createPlayback({ maxPlaybacksPerLogin = MAX_PLAYBACKS_PER_LOGIN, ...deps }: PlaybackDeps) {
  const viewings = createViewings(deps, { endName: 'camera.playback.end', maxPerLogin: maxPlaybacksPerLogin })
  return {
    ...viewings,
    /** Hands the browser's socket to the media process. */
    attach: (ask: ViewingAsk, query: PlaybackQuery): Promise<void> =>
      viewings.attach(ask, { at: query.at }, (identity) => deps.plane.attachPlayback({ ...identity, ...query }, ask.socket, ask.head)),
  }
}
export type Playback = ReturnType<typeof createPlayback>
