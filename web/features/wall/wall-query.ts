/** The wall page's address: which wall this window is, and cameras somebody sends with it. */
import type { LocationQuery } from 'vue-router'
import { CameraId } from '../../../server/contract/ids.ts'
import { isWallNumber } from '../to-wall/wall-channel.ts'
import type { WallNumber } from '../to-wall/wall-memory.ts'

export type WallQuery = {
  wall: WallNumber
  /** A window of its own: the wall and nothing around it. */
  isWindow: boolean
  /** To be shown instead of what the wall had; none twice. */
  cameraIds: readonly CameraId[]
}

/** What does not fit is left out: a mistyped link still opens. */
export function parseWallQuery(query: LocationQuery): WallQuery {
  const wall = Number(one(query['window']) ?? 1)
  const cameraIds = (one(query['cameras']) ?? '').split(',').flatMap((id) => CameraId.safeParse(id).data ?? [])
  return { wall: isWallNumber(wall) ? wall : 1, isWindow: query['window'] !== undefined, cameraIds: [...new Set(cameraIds)] }
}

const one = (value: LocationQuery[string] | undefined) => (Array.isArray(value) ? value[0] : value) ?? undefined
