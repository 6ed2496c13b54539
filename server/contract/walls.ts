/**
 * The video wall (R-WALL): layouts (布局), rotations (轮巡) and the log of what a rotation has really shown, which is the proof of a video patrol.
 *
 * A wall is a page; what it shows now is kept on its screen. Here is what lasts: named layouts and rotations, private or shared with roles, and the patrol log.
 */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant } from './ids.ts'
import { Role } from './permissions.ts'
import { FailureCause } from './status.ts'

export const MAX_WALL_TILES = 36
export const MAX_GRID = 24
export const MAX_LAYOUTS_PER_ACCOUNT = 200
export const MAX_ROTATIONS_PER_ACCOUNT = 100
export const MAX_ROTATION_STEPS = 500
/** One camera a group is a rotation as well: as many groups as cameras. */
export const MAX_ROTATION_GROUPS = 500
export const MAX_ROTATION_LAYOUTS = 50
export const MIN_DWELL_MS = 3_000
export const MAX_DWELL_MS = 3_600_000

const gridLine = z
  .number()
  .int()
  .min(0)
  .max(MAX_GRID - 1)
const gridSpan = z.number().int().min(1).max(MAX_GRID)

/** Where one tile lies, in cells of the grid from its upper left. */
export const TilePlace = z.object({ column: gridLine, row: gridLine, columns: gridSpan, rows: gridSpan })
export type TilePlace = z.infer<typeof TilePlace>

/** The grid and its tiles, in the order of their numbers. 1, 4, 6, 8, 9, 16 and 25 tiles are shapes like any other (`wallShapes`). */
export const WallShape = z
  .object({ columns: gridSpan, rows: gridSpan, places: z.array(TilePlace).min(1).max(MAX_WALL_TILES) })
  .refine(
    ({ columns, rows, places }) => places.every((place) => place.column + place.columns <= columns && place.row + place.rows <= rows),
    'a tile beyond the grid',
  )
  .refine(({ places }) => !places.some((a, i) => places.slice(i + 1).some((b) => doOverlap(a, b))), 'two tiles that overlap')
export type WallShape = z.infer<typeof WallShape>

function doOverlap(a: TilePlace, b: TilePlace): boolean {
  return a.column < b.column + b.columns && b.column < a.column + a.columns && a.row < b.row + b.rows && b.row < a.row + a.rows
}

const even = (perSide: number): WallShape => ({
  columns: perSide,
  rows: perSide,
  places: Array.from({ length: perSide * perSide }, (_, i) => ({ column: i % perSide, row: Math.floor(i / perSide), columns: 1, rows: 1 })),
})
/** One large tile, the others along its right and lower edge. */
const framed = (perSide: number): WallShape => ({
  columns: perSide,
  rows: perSide,
  places: [
    { column: 0, row: 0, columns: perSide - 1, rows: perSide - 1 },
    ...Array.from({ length: perSide - 1 }, (_, row) => ({ column: perSide - 1, row, columns: 1, rows: 1 })),
    ...Array.from({ length: perSide }, (_, column) => ({ column, row: perSide - 1, columns: 1, rows: 1 })),
  ],
})

/** The usual shapes by the number of their tiles. */
export const wallShapes = { 1: even(1), 4: even(2), 6: framed(3), 8: framed(4), 9: even(3), 16: even(4), 25: even(5) } as const satisfies Record<
  number,
  WallShape
>
export type UsualTiles = keyof typeof wallShapes

/** One line of whole characters: no control character, no half of one, nothing that turns the direction of what follows. */
const Name = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'one line of whole characters')
/** Who else may use it: these roles; empty: nobody. Only its owner changes it. */
const SharedWith = z.array(Role).max(Role.options.length)
/** Set by the server. */
const owned = { isMine: z.boolean(), owner: z.string(), updatedAt: Instant }

/** One camera per tile, null for an empty one; as many as the shape has places. */
const LayoutBody = z.object({ name: Name, sharedWith: SharedWith, shape: WallShape, cameraIds: z.array(CameraId.nullable()).max(MAX_WALL_TILES) })
export const SaveLayout = LayoutBody.refine(({ shape, cameraIds }) => shape.places.length === cameraIds.length, 'as many cameras or nulls as tiles')
export type SaveLayout = z.infer<typeof SaveLayout>

/** A camera this user may not see is null here; `hiddenCount` says how many those are. */
export const WallLayout = LayoutBody.extend({ layoutId: z.uuid(), hiddenCount: z.number().int(), ...owned })
export type WallLayout = z.infer<typeof WallLayout>

const rotationSteps = z.discriminatedUnion('kind', [
  /** Cameras in turn: each step shows the next ones, as many as the wall gives tiles to the rotation. */
  z.object({ kind: z.literal('cameras'), cameraIds: z.array(CameraId).min(1).max(MAX_ROTATION_STEPS) }),
  /** Groups in turn: each step shows one group. */
  z.object({
    kind: z.literal('groups'),
    groups: z
      .array(z.object({ name: Name, cameraIds: z.array(CameraId).min(1).max(MAX_WALL_TILES) }))
      .min(1)
      .max(MAX_ROTATION_GROUPS),
  }),
  /** Layouts in turn: each step changes the whole wall. */
  z.object({ kind: z.literal('layouts'), layoutIds: z.array(z.uuid()).min(1).max(MAX_ROTATION_LAYOUTS) }),
])

export const SaveRotation = z.object({
  name: Name,
  sharedWith: SharedWith,
  steps: rotationSteps,
  dwellMs: z.number().int().min(MIN_DWELL_MS).max(MAX_DWELL_MS),
  /** A camera that is offline: left out of the round, or shown with its last picture and the reason. */
  onOffline: z.enum(['skip', 'hold']),
})
export type SaveRotation = z.infer<typeof SaveRotation>

/** Cameras this user may not see are left out; `hiddenCount` says how many those are. */
export const WallRotation = SaveRotation.omit({ steps: true }).extend({
  rotationId: z.uuid(),
  steps: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('cameras'), cameraIds: z.array(CameraId) }),
    z.object({ kind: z.literal('groups'), groups: z.array(z.object({ name: Name, cameraIds: z.array(CameraId) })) }),
    z.object({ kind: z.literal('layouts'), layoutIds: z.array(z.uuid()) }),
  ]),
  hiddenCount: z.number().int(),
  ...owned,
})
export type WallRotation = z.infer<typeof WallRotation>

/** `shown`: a moving picture was on the screen; `stillOnly`: its last picture and why; `skipped`: left out as offline. */
export const PatrolOutcome = z.enum(['shown', 'stillOnly', 'skipped'])
export type PatrolOutcome = z.infer<typeof PatrolOutcome>

/** One camera on one tile, as the page reports it when the tile moves on. `entryId` is made by the page: sent twice, it is kept once. */
export const PatrolReport = z
  .object({
    entryId: z.uuid(),
    /** One run of the rotation, from start to stop. */
    runId: z.uuid(),
    rotationId: z.uuid(),
    cameraId: CameraId,
    tile: z.number().int().min(1).max(MAX_WALL_TILES),
    fromAt: Instant,
    toAt: Instant,
    outcome: PatrolOutcome,
    cause: FailureCause.nullable(),
    /** Time within the range in which the picture was younger than 3 s. */
    freshMs: z.number().int().nonnegative(),
  })
  .refine(({ fromAt, toAt }) => toAt >= fromAt && toAt - fromAt <= 2 * MAX_DWELL_MS, 'fromAt <= toAt')
export type PatrolReport = z.infer<typeof PatrolReport>

export const PatrolEntry = z.object({
  entryId: z.uuid(),
  runId: z.uuid(),
  rotationId: z.uuid(),
  /** As it was called then. */
  rotationName: z.string(),
  account: z.string(),
  cameraId: CameraId,
  tile: z.number().int(),
  fromAt: Instant,
  toAt: Instant,
  outcome: PatrolOutcome,
  cause: FailureCause.nullable(),
  freshMs: z.number().int(),
})
export type PatrolEntry = z.infer<typeof PatrolEntry>

export const PatrolTableLocale = z.enum(['zh', 'en'])
export type PatrolTableLocale = z.infer<typeof PatrolTableLocale>

const patrolFilter = { fromAt: z.coerce.number().int(), toAt: z.coerce.number().int(), rotationId: z.uuid().optional(), cameraId: CameraId.optional() }
const ofLayout = z.object({ layoutId: z.uuid() })
const ofRotation = z.object({ rotationId: z.uuid() })

export const wallApi = {
  /** One's own and those shared with one's role, by name. */
  layouts: endpoint('GET /api/wall-layouts', { permission: 'camera.live', reply: z.array(WallLayout) }),
  addLayout: endpoint('POST /api/wall-layouts', { permission: 'camera.live', audit: 'wall.layout.add', body: SaveLayout, reply: WallLayout }),
  changeLayout: endpoint('PUT /api/wall-layouts/:layoutId', {
    permission: 'camera.live',
    audit: 'wall.layout.change',
    params: ofLayout,
    body: SaveLayout,
    reply: WallLayout,
  }),
  removeLayout: endpoint('DELETE /api/wall-layouts/:layoutId', {
    permission: 'camera.live',
    audit: 'wall.layout.remove',
    params: ofLayout,
    reply: z.object({}),
  }),
  rotations: endpoint('GET /api/wall-rotations', { permission: 'camera.live', reply: z.array(WallRotation) }),
  addRotation: endpoint('POST /api/wall-rotations', {
    permission: 'camera.live',
    audit: 'wall.rotation.add',
    body: SaveRotation,
    reply: WallRotation,
    maxBodyBytes: 256 * 1024,
  }),
  changeRotation: endpoint('PUT /api/wall-rotations/:rotationId', {
    permission: 'camera.live',
    audit: 'wall.rotation.change',
    params: ofRotation,
    body: SaveRotation,
    reply: WallRotation,
    maxBodyBytes: 256 * 1024,
  }),
  removeRotation: endpoint('DELETE /api/wall-rotations/:rotationId', {
    permission: 'camera.live',
    audit: 'wall.rotation.remove',
    params: ofRotation,
    reply: z.object({}),
  }),
  /**
   * What the wall has shown since it last said so; at most some minutes old when the line was cut. Answers how many were new, and how many were dropped
   * for good: of a rotation or a camera that is not for this user, over a day old, more than a minute ahead, or fresh for longer than they lasted.
   */
  reportPatrol: endpoint('POST /api/wall-patrols', {
    permission: 'camera.live',
    audit: 'wall.patrol.report',
    body: z.object({ reports: z.array(PatrolReport).min(1).max(500) }),
    reply: z.object({ kept: z.number().int(), dropped: z.number().int() }),
    maxBodyBytes: 512 * 1024,
  }),
  /**
   * Newest first; of cameras this user may see. One's own; with `assessment.see` everybody's. What a cut answer left out is asked for with the last entry's
   * `fromAt + 1` as `toAt`: tiles that change together have the same `fromAt`, so some entries come again.
   */
  patrols: endpoint('GET /api/wall-patrols', {
    permission: 'camera.see',
    query: z.object({ ...patrolFilter, limit: z.coerce.number().int().min(1).max(5_000).default(500) }),
    reply: z.object({
      entries: z.array(PatrolEntry),
      isCut: z.boolean(),
      /** That have entries this user may read in the range, by name; the filters for one rotation or camera change nothing here. */
      rotations: z.array(z.object({ rotationId: z.uuid(), name: z.string() })),
    }),
  }),
  /** The same without a limit, as CSV for a spreadsheet: UTF-8 with a byte order mark, local time, newest first. Sent while it is read. */
  patrolTable: endpoint('GET /api/wall-patrols/table', {
    permission: 'camera.see',
    audit: 'wall.patrol.table',
    query: z.object({ ...patrolFilter, locale: PatrolTableLocale.default('zh') }),
    reply: 'bytes',
  }),
}
