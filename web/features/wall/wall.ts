/** One wall as a page uses it: what it shows, which pictures that takes, what is in focus, and every change somebody can make. */
import { computed, type ComputedRef, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { WallLayout, WallShape } from '../../../server/contract/walls.ts'
import { tileHands } from '../to-wall/tile-hands.ts'
import { wallMemory, type WallNumber } from '../to-wall/wall-memory.ts'
import {
  heldTiles,
  idlestTile,
  isSameShape,
  nextFreeTile,
  type Placed,
  wallOf,
  WallState,
  withCameras,
  withHeldTiles,
  withShape,
  withSwap,
  withTile,
} from '../to-wall/wall-state.ts'
import type { Direction } from './geometry.ts'
import { tileBeside } from './geometry.ts'
import { type Picture, reconcile, type WantedPicture } from './pictures.ts'

export type Wall = {
  number: WallNumber
  state: Readonly<Ref<WallState>>
  pictures: Readonly<ShallowRef<readonly Picture[]>>
  /** The chosen tile, from 0. */
  focused: Ref<number | null>
  /** The tile that fills the wall. */
  enlarged: Ref<number | null>
  set(state: WallState): void
  setShape(shape: WallShape): void
  /** Tiles a rotation leaves alone: chosen, enlarged, or with what a hand has put there. */
  kept: ComputedRef<readonly number[]>
  /** What was put there by hand goes back to the rotation; false: nothing was. */
  giveBack(): boolean
  /**
   * Into the chosen tile if it is empty, else free ones; the first of them always: into `tile`, or on a full wall where the longest no hand was. Answers where
   * they are, who found no place, and what has left the wall.
   */
  add(cameraIds: readonly CameraId[], tile?: number | null): Omit<Placed, 'state'>
  /** From the tree of the wall itself: a full wall gives up the chosen tile, and none when none is chosen. */
  choose(cameraId: CameraId): Omit<Placed, 'state'>
  replaceAll(cameraIds: readonly CameraId[]): void
  swap(a: number, b: number): void
  clear(tile: number): void
  clearAll(): void
  open(layout: WallLayout): void
  /** Back to what was before the last change of the whole wall. */
  undo(): void
  canUndo: ComputedRef<boolean>
  move(direction: Direction): void
  prepare(places: ReadonlyMap<number, CameraId>): void
  /** A new player and element for this picture. */
  renew(key: number): void
}

export function useWall(number: WallNumber): Wall {
  const memory = wallMemory(number)
  const { state } = memory
  const pictures: ShallowRef<readonly Picture[]> = shallowRef([])
  const prepared: ShallowRef<ReadonlyMap<number, CameraId>> = shallowRef(new Map())
  const focused = ref<number | null>(null)
  const enlarged = ref<number | null>(null)
  const before: ShallowRef<WallState | null> = shallowRef(null)
  const hands = tileHands(number)
  const kept = computed(() => [
    ...new Set([...heldTiles(state.value), ...[focused.value, enlarged.value].filter((tile) => tile !== null)].toSorted((a, b) => a - b)),
  ])
  let lastKey = 0
  const newKey = () => ++lastKey

  const wanted = computed<WantedPicture[]>(() => [
    ...state.value.cameraIds.flatMap((cameraId, tile) => (cameraId === null ? [] : [{ cameraId, tile, isNext: false }])),
    // what has come onto the screen meanwhile is no longer the next one: its picture is the one that was prepared
    ...[...prepared.value].flatMap(([tile, cameraId]) => (state.value.cameraIds[tile] === cameraId ? [] : [{ tile, cameraId, isNext: true }])),
  ])
  // in the same moment as the state: the picture a rotation has prepared must not be ended before it is shown
  watch(wanted, () => (pictures.value = reconcile(pictures.value, wanted.value, newKey)), { immediate: true, flush: 'sync' })
  watch(
    () => state.value.shape.places.length,
    (tiles) => {
      if (focused.value !== null && focused.value >= tiles) focused.value = null
      if (enlarged.value !== null && enlarged.value >= tiles) enlarged.value = null
    },
  )
  watch(focused, (tile) => tile !== null && hands.touch(tile), { flush: 'sync' })

  return {
    number,
    state,
    pictures,
    focused,
    enlarged,
    set,
    setShape: (shape) => set(withShape(state.value, shape)),
    kept,
    giveBack() {
      const isHeld = heldTiles(state.value).length > 0
      if (isHeld) set(withHeldTiles(state.value, []))
      return isHeld
    },
    add,
    choose: (cameraId) => place([cameraId], focused.value !== null && nextFreeTile(state.value) === undefined ? focused.value : null),
    replaceAll: (cameraIds) => setWhole({ ...wallOf(cameraIds), rotation: null }),
    swap(a, b) {
      if (a === b) return
      hands.touch(b)
      set(withSwap(state.value, a, b))
    },
    clear: (tile) => set(withTile(state.value, tile, null)),
    clearAll: () => setWhole({ ...state.value, cameraIds: state.value.cameraIds.map(() => null), rotation: null }),
    open: (layout) => setWhole({ shape: layout.shape, cameraIds: layout.cameraIds, layoutId: layout.layoutId, rotation: null }),
    undo() {
      if (before.value) set(before.value)
      before.value = null
    },
    canUndo: computed(() => before.value !== null),
    move: (direction) => (focused.value = focused.value === null ? 0 : tileBeside(state.value.shape, focused.value, direction)),
    prepare(places) {
      if (places.size === 0 && prepared.value.size === 0) return
      if (JSON.stringify([...places]) !== JSON.stringify([...prepared.value])) prepared.value = places
    },
    renew: (key) =>
      (pictures.value = pictures.value.map((picture) => (picture.key === key ? { ...picture, key: newKey() } : picture)).toSorted((a, b) => a.key - b.key)),
  }

  function set(next: WallState) {
    memory.set(next)
  }

  function setWhole(next: WallState) {
    if (state.value.cameraIds.some((id) => id !== null)) before.value = state.value
    focused.value = enlarged.value = null
    hands.forget()
    set(next)
  }

  function add(cameraIds: readonly CameraId[], tile: number | null = null) {
    return place(cameraIds, tile, () => idlestTile(state.value, hands.touches, (each) => kept.value.includes(each)))
  }

  function place(cameraIds: readonly CameraId[], tile: number | null, spareTile?: () => number | undefined) {
    // a chosen tile that shows something is not taken: who clicks on from camera to camera loses none
    const isFree = focused.value !== null && state.value.cameraIds[focused.value] === null
    const firstTile = tile ?? (isFree ? focused.value : null)
    const { state: next, ...result } = withCameras(state.value, cameraIds, { firstTile, ...(spareTile && { spareTile }) })
    for (const each of result.placed) hands.touch(each.tile)
    set(next)
    return result
  }
}

/** Does the wall differ from the layout it was opened from? */
export function differsFrom(state: WallState, layout: WallLayout): boolean {
  return !isSameShape(state.shape, layout.shape) || state.cameraIds.some((id, tile) => id !== (layout.cameraIds[tile] ?? null))
}
