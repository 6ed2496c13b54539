/** The playback page's view as a URL query: cameras, moment, layout, speed and selection (any view can be shared and reloaded). */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { CameraId, Instant } from '../../../server/contract/ids.ts'

export const maxCameras = 9
export const layouts = ['1', '4', '9'] as const
export type PlaybackLayout = (typeof layouts)[number]
export const speeds = [0.25, 0.5, 1, 2, 4, 8, 16] as const
export type PlaybackSpeed = (typeof speeds)[number]
/** As it stands on the button, the same in every language. */
export const speedNames: Record<PlaybackSpeed, string> = { 0.25: '¼', 0.5: '½', 1: '1×', 2: '2', 4: '4', 8: '8', 16: '16' }

export type PlaybackQuery = {
  /** In the order of their rows; at most nine, none twice. */
  readonly cameraIds: readonly CameraId[]
  /** The large picture, one of `cameraIds`; null when there is none. */
  readonly focusId: CameraId | null
  /** null: a minute ago. */
  readonly at: Instant | null
  readonly layout: PlaybackLayout
  readonly speed: PlaybackSpeed
  /** Chosen for a clip: `from`, `to`. */
  readonly selection: TimeRange | null
}

/** What does not fit is left out: an old or mistyped link still opens. */
export function parsePlaybackQuery(query: LocationQuery): PlaybackQuery {
  const parsed = (one(query['cameras']) ?? '').split(',').flatMap((id) => CameraId.safeParse(id).data ?? [])
  const cameraIds = [...new Set(parsed)].slice(0, maxCameras)
  const focus = cameraIds.find((id) => id === one(query['focus']))
  const [fromAt, toAt] = [instant(query['from']), instant(query['to'])]
  const layout = layouts.find((each) => each === one(query['layout']))
  return {
    cameraIds,
    focusId: focus ?? cameraIds[0] ?? null,
    // a link to a clip opens at its beginning
    at: instant(query['at']) ?? fromAt,
    layout: layout ?? usualLayout(cameraIds.length),
    speed: speeds.find((each) => String(each) === one(query['speed'])) ?? 1,
    selection: fromAt !== null && toAt !== null && toAt > fromAt ? { fromAt, toAt } : null,
  }
}

export function serializePlaybackQuery({ cameraIds, focusId, at, layout, speed, selection }: PlaybackQuery): LocationQueryRaw {
  const query: LocationQueryRaw = {}
  if (cameraIds.length > 0) query['cameras'] = cameraIds.join(',')
  if (focusId !== null && focusId !== cameraIds[0]) query['focus'] = focusId
  if (at !== null) query['at'] = String(at)
  if (layout !== usualLayout(cameraIds.length)) query['layout'] = layout
  if (speed !== 1) query['speed'] = String(speed)
  if (selection) {
    query['from'] = String(Math.round(selection.fromAt))
    query['to'] = String(Math.round(selection.toAt))
  }
  return query
}

export function usualLayout(cameras: number): PlaybackLayout {
  return cameras <= 1 ? '1' : cameras <= 4 ? '4' : '9'
}

/** Who has a picture in this layout: the chosen one always, then the others in order. */
export function shownIds({ cameraIds, focusId, layout }: Pick<PlaybackQuery, 'cameraIds' | 'focusId' | 'layout'>): readonly CameraId[] {
  const others = cameraIds.filter((id) => id !== focusId).slice(0, Number(layout) - 1)
  return cameraIds.filter((id) => id === focusId || others.includes(id))
}

function instant(value: LocationQuery[string] | undefined): Instant | null {
  return Instant.safeParse(Number(one(value) ?? 'none')).data ?? null
}

function one(value: LocationQuery[string] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value) ?? undefined
}
