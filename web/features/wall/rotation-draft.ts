/** A rotation while it is made or changed. Pure: every change gives a new draft, `toSave` says what is missing. */
import type { CameraId } from '../../../server/contract/ids.ts'
import type { Role } from '../../../server/contract/permissions.ts'
import {
  MAX_DWELL_MS,
  MAX_ROTATION_GROUPS,
  MAX_ROTATION_LAYOUTS,
  MAX_ROTATION_STEPS,
  MAX_WALL_TILES,
  MIN_DWELL_MS,
  type SaveRotation,
  type WallRotation,
} from '../../../server/contract/walls.ts'

export type RotationKind = SaveRotation['steps']['kind']
export type DraftGroup = { name: string; cameraIds: readonly CameraId[] }
export type RotationDraft = {
  name: string
  kind: RotationKind
  /** A plain list is the first of them. */
  groups: readonly DraftGroup[]
  layoutIds: readonly string[]
  dwellS: number
  onOffline: SaveRotation['onOffline']
  sharedWith: Role[]
}
export type DraftProblem =
  | { kind: 'name' | 'dwell' | 'cameras' | 'groups' | 'layouts' }
  /** More than a rotation holds. */
  | { kind: 'tooManyCameras' | 'tooManyGroups' | 'tooManyLayouts'; count: number; most: number }
  | { kind: 'tooLargeGroup'; name: string; count: number; most: number }

export const minDwellS = MIN_DWELL_MS / 1000
export const maxDwellS = MAX_DWELL_MS / 1000
const usualDwellS = 20

export function draftOf(rotation: WallRotation | null): RotationDraft {
  if (!rotation) return { name: '', kind: 'cameras', groups: [], layoutIds: [], dwellS: usualDwellS, onOffline: 'skip', sharedWith: [] }
  const { name, steps, dwellMs, onOffline, sharedWith } = rotation
  return {
    name,
    kind: steps.kind,
    groups: steps.kind === 'groups' ? steps.groups : steps.kind === 'cameras' ? [{ name: '', cameraIds: steps.cameraIds }] : [],
    layoutIds: steps.kind === 'layouts' ? steps.layoutIds : [],
    dwellS: dwellMs / 1000,
    onOffline,
    sharedWith: [...sharedWith],
  }
}

/** Another kind; a list is made of all groups. */
export function withKind(draft: RotationDraft, kind: RotationKind, newName: string): RotationDraft {
  if (kind !== 'cameras') return { ...draft, kind }
  const cameraIds = [...new Set(draft.groups.flatMap((group) => group.cameraIds))]
  return { ...draft, kind, groups: cameraIds.length === 0 ? [] : [{ name: draft.groups[0]?.name || newName, cameraIds }] }
}

/**
 * Cameras at the end of a group; those in it already stay where they are. A group holds no more than a wall can show: what does not fit begins the next ones.
 * Answers the group the last of them stands in.
 */
export function withAdded(draft: RotationDraft, group: number, cameraIds: readonly CameraId[], newName: string): { draft: RotationDraft; group: number } {
  const groups = draft.groups.length === 0 ? [{ name: newName, cameraIds: [] }] : draft.groups
  const at = Math.min(group, groups.length - 1)
  const { name, cameraIds: before } = groups[at]!
  const all = [...new Set([...before, ...cameraIds])]
  const most = draft.kind === 'groups' ? Math.max(MAX_WALL_TILES, before.length) : all.length
  const rest = all.slice(most)
  const names = new Set(groups.map((each) => each.name))
  const more = Array.from({ length: Math.ceil(rest.length / MAX_WALL_TILES) }, (_, i) => ({
    name: nextName(name, names),
    cameraIds: rest.slice(i * MAX_WALL_TILES, (i + 1) * MAX_WALL_TILES),
  }))
  return {
    draft: { ...draft, groups: [...groups.slice(0, at), { name, cameraIds: all.slice(0, most) }, ...more, ...groups.slice(at + 1)] },
    group: at + more.length,
  }
}

/** 青岚所 → 青岚所 2, and that is taken from then on. */
function nextName(name: string, taken: Set<string>): string {
  const stem = name.replace(/ \d+$/, '').slice(0, 56) // a name has 60 characters at most
  let number = 2
  while (taken.has(`${stem} ${number}`)) number++
  const next = `${stem} ${number}`
  taken.add(next)
  return next
}

export function withRemoved(draft: RotationDraft, group: number, cameraId: CameraId): RotationDraft {
  return { ...draft, groups: draft.groups.map((each, i) => (i === group ? { ...each, cameraIds: each.cameraIds.filter((id) => id !== cameraId) } : each)) }
}

/** One step up or down. */
export function withMoved<T>(list: readonly T[], at: number, by: 1 | -1): T[] {
  const next = [...list]
  const to = at + by
  if (to < 0 || to >= next.length) return next
  ;[next[at], next[to]] = [next[to]!, next[at]!]
  return next
}

/** One group after another, cut where a wall is full: 青岚所 1, 青岚所 2 … */
export function groupsOf(stations: readonly { name: string; cameraIds: readonly CameraId[] }[], perGroup: number): DraftGroup[] {
  const size = Math.max(1, Math.min(perGroup, MAX_WALL_TILES))
  return stations.flatMap(({ name, cameraIds }) => {
    const parts = Math.ceil(cameraIds.length / size)
    return Array.from({ length: parts }, (_, i) => ({
      name: parts === 1 ? name : `${name} ${i + 1}`,
      cameraIds: cameraIds.slice(i * size, (i + 1) * size),
    }))
  })
}

export function toSave(draft: RotationDraft): { ok: true; body: SaveRotation } | { ok: false; problem: DraftProblem } {
  const refuse = (problem: DraftProblem) => ({ ok: false as const, problem })
  const name = draft.name.trim()
  if (name === '') return refuse({ kind: 'name' })
  if (!(draft.dwellS >= minDwellS && draft.dwellS <= maxDwellS)) return refuse({ kind: 'dwell' })
  const base = { name, sharedWith: draft.sharedWith, dwellMs: Math.round(draft.dwellS * 1000), onOffline: draft.onOffline }
  const filled = draft.groups.filter(({ cameraIds }) => cameraIds.length > 0)
  switch (draft.kind) {
    case 'cameras': {
      const cameraIds = [...new Set(filled.flatMap((group) => group.cameraIds))]
      if (cameraIds.length === 0) return refuse({ kind: 'cameras' })
      if (cameraIds.length > MAX_ROTATION_STEPS) return refuse({ kind: 'tooManyCameras', count: cameraIds.length, most: MAX_ROTATION_STEPS })
      return { ok: true, body: { ...base, steps: { kind: 'cameras', cameraIds } } }
    }
    case 'groups': {
      if (filled.length === 0 || filled.some((group) => group.name.trim() === '')) return refuse({ kind: 'groups' })
      if (filled.length > MAX_ROTATION_GROUPS) return refuse({ kind: 'tooManyGroups', count: filled.length, most: MAX_ROTATION_GROUPS })
      const tooLarge = filled.find(({ cameraIds }) => cameraIds.length > MAX_WALL_TILES)
      if (tooLarge) return refuse({ kind: 'tooLargeGroup', name: tooLarge.name, count: tooLarge.cameraIds.length, most: MAX_WALL_TILES })
      const groups = filled.map((group) => ({ name: group.name.trim(), cameraIds: [...group.cameraIds] }))
      return { ok: true, body: { ...base, steps: { kind: 'groups', groups } } }
    }
    case 'layouts': {
      const { layoutIds } = draft
      if (layoutIds.length === 0) return refuse({ kind: 'layouts' })
      if (layoutIds.length > MAX_ROTATION_LAYOUTS) return refuse({ kind: 'tooManyLayouts', count: layoutIds.length, most: MAX_ROTATION_LAYOUTS })
      return { ok: true, body: { ...base, steps: { kind: 'layouts', layoutIds: [...layoutIds] } } }
    }
  }
}
