/** What a picture of playback has to say, in the fewest words: fact, cause, what happens next. Pure but for the language. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import { formatDuration, formatMoment } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import type { PlaybackState } from '../../engines/player/index.ts'

export type TileWords = {
  title: string
  lines: readonly string[]
  tone: 'plain' | 'gap' | 'degraded' | 'offline'
  hasRetry: boolean
  /** The picture below is not of the moment asked for. */
  isDim: boolean
  /** A thin progress at the upper edge. */
  isLoading: boolean
}

const silent: TileWords = { title: '', lines: [], tone: 'plain', hasRetry: false, isDim: false, isLoading: false }

/** At the newest picture the control line says so; a recording that ended this long ago says it on its picture. */
const endedMs = 5_000

/** The line under the picture: why it is not heard, what is sent and in place of what. */
export function tileFacts(state: PlaybackState | null): string {
  const opened = state?.opened
  if (!opened) return ''
  const { codec, sourceCodec, instead, widthPx, heightPx, isKeyFramesOnly } = opened
  const sound = soundWords(state)
  const nameOf = (each: VideoCodec) => (each === 'h265' ? 'H.265' : 'H.264')
  return [
    ...(sound === '' ? [] : [sound]),
    nameOf(instead ? sourceCodec : codec),
    ...(instead ? [t(`live.instead.${instead}`)] : []),
    `${widthPx}×${heightPx}`,
    ...(isKeyFramesOnly ? [t('playback.keyFramesOnly')] : []),
  ].join(' · ')
}

/** How far the moments of this recording are off, in words; empty when they are right. */
export function clockWords(state: PlaybackState | null): string {
  const offsetMs = state?.clockOffsetMs ?? 0
  if (offsetMs === 0) return ''
  return t(offsetMs > 0 ? 'playback.tile.clockAhead' : 'playback.tile.clockBehind', { duration: formatDuration(Math.abs(offsetMs)) })
}

/** Why sound that is wanted is not heard; empty when it is, or is not wanted. */
function soundWords({ soundProblem: problem }: PlaybackState): string {
  if (problem === null) return ''
  if (problem === 'none_recorded' || problem === 'broken' || problem === 'speed') return t(`playback.soundProblem.${problem}`)
  return t(`live.soundMissing.${problem}`)
}

/** `at`: the moment of the clock. `reason`: why nothing is stored then, in words; empty while it is not known. */
export function tileWords(
  state: PlaybackState | null,
  { at, reason, now, waitedLong }: { at: Instant; reason: string; now: Instant; waitedLong: boolean },
): TileWords {
  const because = reason === '' ? t('playback.reason.unknown') : reason
  switch (state?.phase) {
    case undefined:
    case 'opening':
      return {
        ...silent,
        title: waitedLong || !state?.hasPicture ? t('playback.tile.opening') : '',
        isLoading: true,
        isDim: waitedLong && state?.hasPicture === true,
      }
    case 'buffering':
      return { ...silent, isLoading: waitedLong }
    case 'playing':
    case 'paused':
      return silent
    case 'gap':
      return {
        ...silent,
        title: t('playback.tile.gap', { reason: because }),
        lines: state.gap === null ? [] : [t('playback.tile.gapUntil', { time: formatMoment(state.gap.toAt, now) })],
        tone: 'gap',
        isDim: true,
      }
    case 'end':
      if (state.newestAt === null)
        return {
          ...silent,
          title: t('playback.tile.nothing'),
          lines: [t('playback.tile.nothingWhy', { reason: because }), t('playback.tile.nothingWhat')],
          isDim: true,
        }
      if (state.hasPicture && at - state.newestAt < endedMs) return silent
      return { ...silent, isDim: true, title: t('playback.tile.newest', { time: formatMoment(state.newestAt, now) }), lines: [t('playback.tile.newestWhat')] }
    case 'lost': {
      const attempt = Math.max(1, state.attempt)
      const line = state.retryInS === null ? t('live.reconnecting', { attempt }) : t('live.reconnectingIn', { attempt, seconds: state.retryInS })
      return { title: t(`live.fault.${state.fault ?? 'server_lost'}`), lines: [line], tone: 'degraded', hasRetry: true, isDim: true, isLoading: false }
    }
    case 'refused': {
      const refusal = state.refusal ?? 'busy'
      const again = state.retryInS === null ? [] : [t('playback.tile.retryIn', { seconds: state.retryInS })]
      const lines = [t(`playback.tile.refused.${refusal}.what`), ...again]
      return {
        title: t(`playback.tile.refused.${refusal}.title`),
        lines,
        tone: 'offline',
        hasRetry: refusal !== 'no_permission',
        isDim: true,
        isLoading: false,
      }
    }
    case 'closed':
      return { ...silent, title: t('live.signedOut'), lines: [t('live.signedOutWhat')], tone: 'degraded', isDim: true }
  }
}
