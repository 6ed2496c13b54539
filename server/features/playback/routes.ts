import { z } from 'zod'
import { socketRoute } from '../../base/routes.ts'
import { CameraId } from '../../contract/ids.ts'
import { PlaybackQuery } from '../../contract/recordings.ts'
import type { Playback } from './playback.ts'

/** `wss /media/playback/:cameraId`: the gate asks for `camera.playback` on exactly this camera and writes the audit record. */
export const playbackSocket = (playback: Playback) =>
  socketRoute({
    path: '/media/playback/:cameraId',
    permission: 'camera.playback',
    audit: 'camera.playback',
    params: z.object({ cameraId: CameraId }),
    query: PlaybackQuery,
    detail: ({ at }) => ({ at }),
    onUpgrade: ({ params, query, ...context }) => playback.attach({ ...context, cameraId: params.cameraId }, query),
  })
