/**
 * What is stored of each camera, what is missing and why (R-STORE, R-PLAY).
 *
 * Playback: `wss /media/playback/:cameraId?at=<Instant>&codecs=h264,h265&sound=0|1`. Binary messages, server to page, as with live: the bytes of
 * one FLV stream. Text messages, both ways: the JSON below. FLV times run on across gaps and files; `position` says which moment a time is.
 * The page plays, pauses, steps and chooses its speed by itself; the server sends ahead of what the page says it shows, not further.
 * What the browser cannot decode (`codecs`) is transcoded for this page alone, as long as there is a place; `opened` says so.
 */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant, Profile } from './ids.ts'
import { AudioCodec, LiveQuery, VideoCodec } from './media.ts'
import { CameraStatus, FailureCause } from './status.ts'

/** Half open, as every range. */
export const TimeRange = z.object({ fromAt: Instant, toAt: Instant })
export type TimeRange = z.infer<typeof TimeRange>

/** What is to be recorded of a camera. */
export const RecordingMode = z.enum(['continuous', 'scheduled', 'off'])
export type RecordingMode = z.infer<typeof RecordingMode>

/** Minutes of the week from Monday 00:00 local time, half open. */
export const WeekRange = z.object({ fromMinute: z.number().int().min(0).max(10_079), toMinute: z.number().int().min(1).max(10_080) })
export type WeekRange = z.infer<typeof WeekRange>

export const RecordingPolicy = z.object({
  cameraId: CameraId,
  mode: RecordingMode,
  /** Empty unless `scheduled`. */
  schedule: z.array(WeekRange).max(100),
  profile: Profile,
  /** Deleted when older; younger ones go only where the disks, or the quota, have no room for the pictures of now. */
  keepDays: z.number().int().min(1).max(365),
})
export type RecordingPolicy = z.infer<typeof RecordingPolicy>
export const SetRecordingPolicy = RecordingPolicy.omit({ cameraId: true }).extend({ cameraIds: z.array(CameraId).min(1).max(10_000) })
export type SetRecordingPolicy = z.infer<typeof SetRecordingPolicy>

/** Why planned seconds are missing. `cause` beside it is what the judge of status saw then. */
export const GapReason = z.enum(['camera', 'network', 'platform', 'disk', 'not_scheduled', 'unknown'])
export type GapReason = z.infer<typeof GapReason>

export const Gap = TimeRange.extend({ reason: GapReason, cause: FailureCause.nullable() })
export type Gap = z.infer<typeof Gap>

export const Fault = TimeRange.extend({ status: CameraStatus.extract(['offline', 'degraded']), cause: FailureCause.nullable() })
export type Fault = z.infer<typeof Fault>

export const Timeline = z.object({
  cameraId: CameraId,
  /** Oldest first, neither touching nor overlapping. */
  recorded: z.array(TimeRange),
  /** Oldest first; together with `recorded` they fill the range asked for up to now. */
  gaps: z.array(Gap),
  /** When the camera was judged offline or degraded, as far as known; oldest first. */
  faults: z.array(Fault),
})
export type Timeline = z.infer<typeof Timeline>

/** Days of local time that have any recording, as bounds of the day. */
export const RecordedDays = z.object({ days: z.array(TimeRange.extend({ recordedMs: z.number().int() })) })
export type RecordedDays = z.infer<typeof RecordedDays>

const ofCamera = z.object({ cameraId: CameraId })
const instantText = z.coerce.number().int().nonnegative()
/** At most 40 days: a month and its edges. */
export const MAX_TIMELINE_MS = 40 * 86_400_000

export const RangeQuery = z
  .object({ fromAt: instantText, toAt: instantText })
  .refine(({ fromAt, toAt }) => toAt > fromAt && toAt - fromAt <= MAX_TIMELINE_MS, 'fromAt < toAt, at most 40 days apart')

export const recordingApi = {
  timeline: endpoint('GET /api/cameras/:cameraId/timeline', { permission: 'storage.see', params: ofCamera, query: RangeQuery, reply: Timeline }),
  policies: endpoint('GET /api/recording-policies', { permission: 'system.administer', reply: z.object({ policies: z.array(RecordingPolicy) }) }),
  setPolicy: endpoint('POST /api/recording-policies', {
    permission: 'system.administer',
    audit: 'recording.policy',
    body: SetRecordingPolicy,
    reply: z.object({}),
    maxBodyBytes: 1024 * 1024,
  }),
  /**
   * The key frame at or before a moment, as an MP4 of one picture, for the hand that moves over the timeline. Header `x-still-at`: its moment.
   * 204 without a body when nothing is stored there. The audit log has the first still of a login and camera in ten minutes, with its moment: a hand
   * that moves over the timeline asks several times a second.
   */
  still: endpoint('GET /api/cameras/:cameraId/recorded-still', {
    permission: 'camera.playback',
    audit: 'camera.recorded_still',
    auditEveryMs: 10 * 60_000,
    params: ofCamera,
    query: z.object({ at: instantText }),
    reply: 'bytes',
  }),
  days: endpoint('GET /api/cameras/:cameraId/recorded-days', { permission: 'camera.playback', params: ofCamera, query: RangeQuery, reply: RecordedDays }),
}

export const PlaybackQuery = LiveQuery.omit({ profile: true }).extend({ at: instantText })
export type PlaybackQuery = z.infer<typeof PlaybackQuery>

export const PlaybackServerMessage = z.discriminatedUnion('type', [
  /** An FLV header follows, and with it pictures from `at` on: the key frame at or before what was asked, or the first after a gap. */
  z.object({
    type: z.literal('opened'),
    /** Which `seek` this answers; 0 for the `at` of the URL. */
    seekId: z.number().int(),
    at: Instant,
    flvBaseMs: z.number(),
    /** What is sent. */
    codec: VideoCodec,
    /** What was recorded. */
    sourceCodec: VideoCodec,
    widthPx: z.number(),
    heightPx: z.number(),
    instead: z.enum(['transcode']).nullable(),
    /** What was recorded, sent or not: the page says why there is none. */
    sound: AudioCodec.nullable(),
    /** Why there is none although it was asked for and some was recorded. */
    soundMissing: z.enum(['transcoder_missing', 'codec_not_supported', 'transcode_limit']).nullable(),
    isKeyFramesOnly: z.boolean(),
  }),
  /** From FLV time `flvMs` on, moments are `at + (t - flvMs)`. Sent before the first tag of each stretch without a gap. */
  z.object({ type: z.literal('position'), flvMs: z.number(), at: Instant }),
  /** From FLV time `flvMs` on, moments are so far ahead of the true ones: recorded after a clock was set back. 0 until it is told after an `opened`. */
  z.object({ type: z.literal('clockOffset'), flvMs: z.number(), clockOffsetMs: z.number().int() }),
  /** Nothing is stored here; what follows goes on at `toAt`. */
  z.object({ type: z.literal('gap'), flvMs: z.number(), fromAt: Instant, toAt: Instant }),
  /** There is nothing newer than `at`; it goes on by itself when there is. `null`: nothing was ever stored. */
  z.object({ type: z.literal('end'), at: Instant.nullable() }),
  /** It will not come by itself. */
  z.object({
    type: z.literal('refused'),
    cause: z.enum(['codec_not_supported', 'transcoder_missing', 'transcode_limit', 'damaged_file', 'disk_missing', 'busy']),
    detail: z.string().nullable(),
  }),
])
export type PlaybackServerMessage = z.infer<typeof PlaybackServerMessage>

export const PlaybackClientMessage = z.discriminatedUnion('type', [
  /** Everything sent before the answering `opened` is void. */
  z.object({ type: z.literal('seek'), seekId: z.number().int().positive(), at: Instant }),
  /** The FLV time shown now and how fast it is to go on; at least once a second while playing. Above 4 only key frames are sent (after a new `opened`). */
  z.object({ type: z.literal('shown'), flvMs: z.number(), speed: z.number().min(0).max(16) }),
  /** Sound wanted or not from now on; a new `opened` follows if that changes what is sent. */
  z.object({ type: z.literal('sound'), isOn: z.boolean() }),
])
export type PlaybackClientMessage = z.infer<typeof PlaybackClientMessage>
