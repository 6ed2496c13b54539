/**
 * Live pictures over `wss /media/live/:cameraId?profile=main|sub&codecs=h264,h265&sound=0|1` (R-LIVE).
 *
 * Binary messages, server to page: the bytes of one FLV stream (FLV header first, then whole tags; one or more tags a message).
 * Text messages, both ways: the JSON below. `codecs` lists what this browser can decode; the server passes through what fits, else takes
 * the next rung of the ladder (the H.264 sub stream, a shared transcode) and says so in `opened`.
 * Close codes: 1000 done, 4001 not signed in, 4003 no permission, 4008 too slow, 4010 login ended, 1012 server restarts, 1013 try again later.
 */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant, Profile } from './ids.ts'
import { FailureCause } from './status.ts'

export const VideoCodec = z.enum(['h264', 'h265'])
export type VideoCodec = z.infer<typeof VideoCodec>
export const AudioCodec = z.enum(['aac', 'pcma', 'pcmu'])
export type AudioCodec = z.infer<typeof AudioCodec>

export const LiveQuery = z.object({
  profile: Profile.default('main'),
  codecs: z
    .string()
    .regex(/^(h264|h265)(,(h264|h265))?$/)
    .default('h264')
    .transform((text) => text.split(',') as VideoCodec[]),
  sound: z
    .enum(['0', '1'])
    .default('0')
    .transform((text) => text === '1'),
})
export type LiveQuery = z.infer<typeof LiveQuery>

export const LiveServerMessage = z.discriminatedUnion('type', [
  /** The stream is being opened, or opened again after a failure: `attempt` counts from 1, the next try is in `retryInMs`. */
  z.object({ type: z.literal('opening'), attempt: z.number().int(), cause: FailureCause.nullable(), detail: z.string().nullable(), retryInMs: z.number() }),
  /** Pictures follow. `profile` and `codec` are what is really sent; `instead` says why if it is not what was asked. `flvBaseMs` is the first tag's timestamp. */
  z.object({
    type: z.literal('opened'),
    profile: Profile,
    codec: VideoCodec,
    sourceCodec: VideoCodec,
    widthPx: z.number(),
    heightPx: z.number(),
    sound: z.boolean(),
    flvBaseMs: z.number(),
    instead: z.enum(['sub_stream', 'transcode']).nullable(),
    /** Why there is no sound although the camera has some. */
    soundMissing: z.enum(['transcoder_missing', 'codec_not_supported', 'transcode_limit']).nullable(),
  }),
  /** Once a second: the tag with FLV timestamp `flvMs` reached the server at `at`. The page works out the age of the frame it shows. */
  z.object({ type: z.literal('clock'), flvMs: z.number(), at: Instant, kbps: z.number(), fps: z.number() }),
  /** It will not come by itself: the page must ask again with something else changed, or stop. */
  z.object({ type: z.literal('refused'), cause: FailureCause, detail: z.string().nullable() }),
  /** The stream's parameters change (resolution, codec): a new FLV header follows; the page starts its decoder anew. */
  z.object({ type: z.literal('restart') }),
  /** This viewer was too slow: tags were left out up to the next key frame. */
  z.object({ type: z.literal('skipped'), frames: z.number().int() }),
])
export type LiveServerMessage = z.infer<typeof LiveServerMessage>

export const LiveClientMessage = z.discriminatedUnion('type', [
  /** Try the camera now instead of waiting for the pause to end. */
  z.object({ type: z.literal('retryNow') }),
])
export type LiveClientMessage = z.infer<typeof LiveClientMessage>

export const mediaApi = {
  /** Starts the pull of a hovered camera so that a click is quick; it ends by the linger time. */
  warm: endpoint('POST /api/cameras/:cameraId/warm', {
    permission: 'camera.live',
    audit: 'camera.warm',
    params: z.object({ cameraId: CameraId }),
    body: z.object({ profile: Profile }),
    reply: z.object({}),
  }),
}
