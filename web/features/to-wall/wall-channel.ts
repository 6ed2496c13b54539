/**
 * How the windows of one browser speak about their walls (R-WALL-4): who is there, and which cameras go where.
 *
 * A wall answers `who` at once, also while it is hidden (its timers sleep then, messages arrive); one that does not answer has gone.
 */
import { z } from 'zod'
import { CameraId } from '../../../server/contract/ids.ts'
import { MAX_WALL_TILES, WallShape } from '../../../server/contract/walls.ts'
import { type WallNumber, wallNumbers } from './wall-memory.ts'

const channelName = 'mapwall:walls'
/** Answers of windows of the same machine come within milliseconds. */
export const answerWithinMs = 600

const Wall = z.literal(wallNumbers)
const Account = z.string().max(100)
const Tile = z
  .number()
  .int()
  .min(0)
  .max(MAX_WALL_TILES - 1)

export const ShownWall = z.object({ shape: WallShape, cameraIds: z.array(CameraId.nullable()).max(MAX_WALL_TILES), isTurning: z.boolean() })
export type ShownWall = z.infer<typeof ShownWall>

export const WallMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('who'), account: Account }),
  z.object({
    type: z.literal('here'),
    account: Account,
    wall: Wall,
    name: z.string().max(100),
    tiles: z.number().int(),
    shown: z.number().int(),
    /** What it shows where, for who chooses a tile from afar; a window that has not been reloaded since an update does not say it. */
    picture: ShownWall.optional(),
    /** Which window has this number, and since when: of two, the later one. */
    holderId: z.string().max(64).optional(),
    takenAt: z.number().optional(),
    /** What it decodes, in sub streams. */
    decoding: z.number().nonnegative().optional(),
  }),
  /** The number is wanted by another window: whoever has it gives it up. */
  z.object({ type: z.literal('take'), account: Account, wall: Wall }),
  z.object({ type: z.literal('gone'), account: Account, wall: Wall }),
  z.object({
    type: z.literal('show'),
    account: Account,
    requestId: z.string(),
    wall: Wall,
    cameraIds: z.array(CameraId).min(1).max(500),
    /** `replace`: a wall of just these; `add`: into free tiles, the first of them always. */
    how: z.enum(['add', 'replace']),
    /** With `add`: the tile of the first of them, from 0, whatever it shows. */
    tile: Tile.optional(),
  }),
  z.object({
    type: z.literal('shown'),
    account: Account,
    requestId: z.string(),
    wall: Wall,
    placed: z.array(z.object({ cameraId: CameraId, tile: Tile })),
    leftOut: z.array(CameraId),
    /** Shown before, and not any more. */
    replaced: z.array(CameraId).optional(),
    /** A rotation gave up the tiles. */
    isHeld: z.boolean().optional(),
  }),
])
export type WallMessage = z.infer<typeof WallMessage>
export type WallHere = Extract<WallMessage, { type: 'here' }>
export type WallShow = Extract<WallMessage, { type: 'show' }>
export type WallShown = Extract<WallMessage, { type: 'shown' }>

export type WallLine = { post(message: WallMessage): void; close(): void }

/** Opens the line; what another version or another account says is not heard. */
export function openWallLine(account: () => string, onMessage: (message: WallMessage) => void): WallLine {
  if (!('BroadcastChannel' in globalThis)) return { post() {}, close() {} }
  const channel = new BroadcastChannel(channelName)
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const parsed = WallMessage.safeParse(data)
    if (parsed.success && parsed.data.account === account()) onMessage(parsed.data)
  })
  return { post: (message) => channel.postMessage(message), close: () => channel.close() }
}

export const isWallNumber = (value: number): value is WallNumber => (wallNumbers as readonly number[]).includes(value)
