/** What a tile shows and says, worked out from the player, the camera's judged state and the last picture. Pure but for the words. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { CameraState, CameraStatus, FailureCause } from '../../../server/contract/status.ts'
import { formatAge, formatDuration, formatMoment, none } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import type { LiveState } from '../../engines/player/index.ts'

export type FaceKind = 'opening' | 'live' | 'slow' | 'stalled' | 'offline' | 'refused' | 'codec' | 'noRight' | 'limit'
export type Tone = 'plain' | 'degraded' | 'offline'

export type TileFace = {
  kind: FaceKind
  /** Shape before the name. */
  shape: CameraStatus
  /** Which picture: the video, the last still, or none. */
  picture: 'video' | 'still' | 'none'
  isDim: boolean
  isGrey: boolean
  tone: Tone
  /** On the picture: title and lines; empty while there is a picture. */
  title: string
  lines: string[]
  /** Right end of the caption. */
  age: string
  ageTone: Tone
  hasRetry: boolean
}

export type FaceInput = {
  live: LiveState | null
  camera: CameraState
  /** When the last still was taken; null: there is none. */
  stillAt: Instant | null
  now: Instant
  /** How many pictures play on this machine, when there was no place for this one. */
  fullAt: number | null
}

/** Somebody has to do something at the camera or in its settings before it can work. */
const refusing: readonly FailureCause[] = ['refused_login', 'no_such_stream', 'codec_not_supported', 'protocol_error']
const limits: readonly FailureCause[] = ['viewer_limit', 'transcode_limit', 'stream_limit', 'transcoder_missing', 'too_slow']

export function tileFace(input: FaceInput): TileFace {
  const { live, camera, stillAt, now, fullAt } = input
  const stillAge = stillAt === null ? none : t('live.pictureFrom', { age: formatAge(now - stillAt, stillAt, now) })
  const still: Pick<TileFace, 'picture' | 'isDim' | 'isGrey'> = { picture: 'still', isDim: true, isGrey: false }
  const plain = { tone: 'plain', ageTone: 'plain', hasRetry: false } as const

  if (fullAt !== null)
    return {
      ...plain,
      ...still,
      kind: 'limit',
      shape: camera.status,
      title: t('live.limitTitle', { count: fullAt }),
      lines: [t('live.limitWhat')],
      age: stillAge,
    }
  if (!live) return { ...plain, ...still, kind: 'opening', shape: 'unknown', title: '', lines: [], age: openingAge(stillAge) }
  if (live.phase === 'closed')
    return { ...plain, ...still, kind: 'refused', shape: 'unknown', title: t('live.signedOut'), lines: [t('live.signedOutWhat')], age: stillAge }

  if (live.phase === 'live' || live.phase === 'slow') {
    const isSlow = live.phase === 'slow'
    return {
      ...plain,
      kind: live.phase,
      shape: isSlow || camera.status === 'degraded' ? 'degraded' : 'online',
      picture: 'video',
      isDim: false,
      isGrey: false,
      title: '',
      lines: [],
      age: formatAge(live.ageMs ?? 0),
      ageTone: isSlow ? 'degraded' : 'plain',
    }
  }

  const cause = live.cause ?? (live.fault ? null : camera.cause)
  if (cause === 'no_permission')
    return {
      ...plain,
      kind: 'noRight',
      shape: 'unknown',
      picture: 'none',
      isDim: false,
      isGrey: false,
      title: t('causes.no_permission.title'),
      lines: [t('causes.no_permission.who')],
      age: none,
    }
  if (live.phase === 'refused' && cause && limits.includes(cause))
    return {
      ...plain,
      ...still,
      kind: 'limit',
      shape: camera.status,
      title: t(`causes.${cause}.title`),
      lines: [t(`causes.${cause}.who`), ...retryLine(live)],
      age: stillAge,
      hasRetry: true,
    }
  if (cause && refusing.includes(cause) && (live.phase === 'refused' || live.cause !== null)) {
    return {
      kind: 'refused',
      shape: 'offline',
      picture: 'none',
      isDim: false,
      isGrey: false,
      tone: 'offline',
      title: t(`causes.${cause}.title`),
      lines: [t(`causes.${cause}.who`)],
      age: none,
      ageTone: 'plain',
      hasRetry: true,
    }
  }
  if (live.phase === 'refused')
    return {
      ...plain,
      ...still,
      kind: 'refused',
      shape: camera.status,
      tone: 'degraded',
      title: cause ? t(`causes.${cause}.title`) : t('live.opening'),
      lines: [...(cause ? [t(`causes.${cause}.who`)] : []), ...retryLine(live)],
      age: stillAge,
      hasRetry: true,
    }

  if (camera.status === 'offline' || camera.status === 'suspended') return outOfService(input, live)
  if (live.phase === 'stalled') return stalled(live)
  return opening(input, live, stillAge)
}

/** `正在打开 · 图为 12 秒前`. */
function openingAge(stillAge: string): string {
  return stillAge === none ? t('live.opening') : `${t('live.opening')} · ${stillAge}`
}

function outOfService({ camera, stillAt, now }: FaceInput, live: LiveState): TileFace {
  const isOffline = camera.status === 'offline'
  const duration = formatDuration(now - camera.sinceAt)
  const shownAt = live.ageMs === null ? stillAt : now - live.ageMs
  const lastPicture = shownAt === null ? t('live.noLastPicture') : t('live.lastPictureAt', { time: formatMoment(shownAt, now) })
  return {
    kind: 'offline',
    shape: camera.status,
    picture: live.ageMs === null ? 'still' : 'video',
    isDim: true,
    isGrey: true,
    tone: isOffline ? 'offline' : 'plain',
    title: isOffline ? t('live.offlineFor', { duration }) : t('live.suspendedFor', { duration }),
    lines: [...(camera.cause ? [t(`causes.${camera.cause}.title`), t(`causes.${camera.cause}.who`)] : []), lastPicture],
    age: shownAt === null ? none : t('live.lastAt', { time: formatMoment(shownAt, now) }),
    ageTone: 'plain',
    hasRetry: isOffline,
  }
}

function stalled(live: LiveState): TileFace {
  const why = live.fault ? t(`live.fault.${live.fault}`) : live.cause ? t(`causes.${live.cause}.title`) : ''
  return {
    kind: 'stalled',
    shape: 'degraded',
    picture: 'video',
    isDim: true,
    isGrey: true,
    tone: 'degraded',
    title: t('live.stalled', { duration: formatDuration(live.ageMs ?? 0) }),
    lines: [...(why ? [why] : []), reconnecting(live)],
    age: formatAge(live.ageMs ?? 0),
    ageTone: 'degraded',
    hasRetry: true,
  }
}

function opening({ camera }: FaceInput, live: LiveState, stillAge: string): TileFace {
  const face: TileFace = {
    kind: 'opening',
    shape: 'unknown',
    picture: 'still',
    isDim: true,
    isGrey: false,
    tone: 'plain',
    title: '',
    lines: [],
    age: openingAge(stillAge),
    ageTone: 'plain',
    hasRetry: false,
  }
  if (live.opened?.instead && live.opened.sourceCodec === 'h265') {
    return {
      ...face,
      kind: 'codec',
      shape: camera.status,
      age: stillAge,
      title: t('live.codecTitle'),
      lines: [t(live.opened.instead === 'transcode' ? 'live.codecTranscode' : 'live.codecSub')],
    }
  }
  const why = live.fault ? t(`live.fault.${live.fault}`) : live.cause ? t(`causes.${live.cause}.title`) : ''
  if (!why) return face
  // the server or we have tried at least once and failed: say why, and who must act
  return {
    ...face,
    shape: camera.status === 'online' ? 'degraded' : camera.status,
    tone: 'degraded',
    age: stillAge,
    title: why,
    lines: [...(live.cause && !live.fault ? [t(`causes.${live.cause}.who`)] : []), reconnecting(live)],
    hasRetry: true,
  }
}

function reconnecting(live: LiveState): string {
  const attempt = Math.max(1, live.attempt)
  return live.retryInMs === null ? t('live.reconnecting', { attempt }) : t('live.reconnectingIn', { attempt, seconds: Math.ceil(live.retryInMs / 1000) })
}

function retryLine(live: LiveState): string[] {
  return live.retryInMs === null ? [] : [t('live.nextTryIn', { seconds: Math.ceil(live.retryInMs / 1000) })]
}
