/** The tables `exports` and `export_clips`. */
import { sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { ExportFailure, ExportPurpose, ExportState } from '../../contract/exports.ts'
import type { CameraId, Instant, UserId } from '../../contract/ids.ts'
import type { Gap, TimeRange } from '../../contract/recordings.ts'
import type { WrittenFile } from '../../media/plane.ts'

/** `manifest.json` and what else lies beside the pictures. */
export type Paper = { fileName: string; bytes: number; sha256: string }

export type StoredClip = {
  cameraId: CameraId
  cameraName: string
  state: 'queued' | 'running' | 'ready' | 'failed'
  /** How often the media process went away while it was written. */
  interruptions: number
  recordedMs: number
  /** Estimated until it is ready. */
  bytes: number
  files: WrittenFile[]
  gaps: Gap[]
  failure: ExportFailure | null
}

export type StoredExport = TimeRange & {
  exportId: string
  state: ExportState
  userId: UserId
  account: string
  requestedAt: Instant
  purpose: ExportPurpose
  documentNumber: string
  reason: string
  isWatermarked: boolean
  isH264: boolean
  decidedBy: string | null
  decidedAt: Instant | null
  decisionNote: string
  readyAt: Instant | null
  expiresAt: Instant | null
  papers: Paper[]
  clips: StoredClip[]
}

type ExportRow = {
  export_id: string
  state: ExportState
  user_id: UserId
  account: string
  requested_at: Instant
  from_at: Instant
  to_at: Instant
  purpose: ExportPurpose
  document_number: string
  reason: string
  is_watermarked: boolean
  is_h264: boolean
  decided_by: string | null
  decided_at: Instant | null
  decision_note: string
  ready_at: Instant | null
  expires_at: Instant | null
  papers: Paper[]
}
type ClipRow = {
  export_id: string
  position: number
  camera_id: CameraId
  camera_name: string
  state: StoredClip['state']
  interruptions: number
  recorded_ms: number
  bytes: number
  files: WrittenFile[]
  gaps: Gap[]
  failure: ExportFailure | null
}
type ExportTables = { exports: ExportRow; export_clips: ClipRow }

/** The driver would write an array as one of PostgreSQL's. */
const asJson = <T>(value: T): T => JSON.stringify(value) as unknown as T

export type ExportChange = Partial<Pick<StoredExport, 'state' | 'decidedBy' | 'decidedAt' | 'decisionNote' | 'readyAt' | 'expiresAt' | 'papers'>>
export type ClipChange = Partial<Omit<StoredClip, 'cameraId' | 'cameraName'>>

export function createExportStore(database: Database) {
  const db = database.as<ExportTables>()

  async function withClips(rows: readonly ExportRow[]): Promise<StoredExport[]> {
    if (rows.length === 0) return []
    const clips = await db
      .selectFrom('export_clips')
      .selectAll()
      .where(
        'export_id',
        'in',
        rows.map(({ export_id }) => export_id),
      )
      .orderBy('position')
      .execute()
    return rows.map((row) =>
      exportOf(
        row,
        clips.filter(({ export_id }) => export_id === row.export_id),
      ),
    )
  }
  const all = () => db.selectFrom('exports').selectAll()

  return {
    async add(added: StoredExport): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('exports')
          .values({
            export_id: added.exportId,
            state: added.state,
            user_id: added.userId,
            account: added.account,
            requested_at: added.requestedAt,
            from_at: added.fromAt,
            to_at: added.toAt,
            purpose: added.purpose,
            document_number: added.documentNumber,
            reason: added.reason,
            is_watermarked: added.isWatermarked,
            is_h264: added.isH264,
            decided_by: added.decidedBy,
            decided_at: added.decidedAt,
            decision_note: added.decisionNote,
            ready_at: added.readyAt,
            expires_at: added.expiresAt,
            papers: asJson(added.papers),
          })
          .execute()
        await transaction
          .insertInto('export_clips')
          .values(
            added.clips.map((clip, position) => ({
              export_id: added.exportId,
              position,
              camera_id: clip.cameraId,
              camera_name: clip.cameraName,
              state: clip.state,
              interruptions: clip.interruptions,
              recorded_ms: clip.recordedMs,
              bytes: clip.bytes,
              files: asJson(clip.files),
              gaps: asJson(clip.gaps),
              failure: clip.failure,
            })),
          )
          .execute()
      })
    },
    async find(exportId: string): Promise<StoredExport | undefined> {
      return (await withClips(await all().where('export_id', '=', exportId).execute()))[0]
    },
    async listOf(userId: UserId, sinceAt: Instant): Promise<StoredExport[]> {
      return withClips(await all().where('user_id', '=', userId).where('requested_at', '>=', sinceAt).orderBy('requested_at', 'desc').execute())
    },
    async listIn(states: readonly ExportState[]): Promise<StoredExport[]> {
      return withClips(await all().where('state', 'in', states).orderBy('requested_at').orderBy('export_id').execute())
    },
    async listExpired(nowAt: Instant): Promise<string[]> {
      const rows = await db.selectFrom('exports').select('export_id').where('state', '=', 'ready').where('expires_at', '<=', nowAt).execute()
      return rows.map(({ export_id }) => export_id)
    },
    /** What was asked for since then; bytes of what was never there count for nothing. */
    async usage(userId: UserId, sinceAt: Instant): Promise<{ count: number; bytes: number }> {
      const row = await db
        .selectFrom('exports')
        .leftJoin('export_clips', 'export_clips.export_id', 'exports.export_id')
        .select([
          sql<number>`count(distinct exports.export_id)`.as('count'),
          sql<number>`coalesce(sum(export_clips.bytes) filter (where ready_at is not null or exports.state in ('waiting', 'queued', 'running')), 0)`.as(
            'bytes',
          ),
        ])
        .where('user_id', '=', userId)
        .where('requested_at', '>', sinceAt)
        .executeTakeFirstOrThrow()
      return { count: row.count, bytes: row.bytes }
    },
    /** Only from one of these states; answers whether it was in one. */
    async change(exportId: string, from: readonly ExportState[], { papers, ...to }: ExportChange): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('exports')
        .set({
          ...(to.state === undefined ? {} : { state: to.state }),
          ...(to.decidedBy === undefined ? {} : { decided_by: to.decidedBy }),
          ...(to.decidedAt === undefined ? {} : { decided_at: to.decidedAt }),
          ...(to.decisionNote === undefined ? {} : { decision_note: to.decisionNote }),
          ...(to.readyAt === undefined ? {} : { ready_at: to.readyAt }),
          ...(to.expiresAt === undefined ? {} : { expires_at: to.expiresAt }),
          ...(papers === undefined ? {} : { papers: asJson(papers) }),
        })
        .where('export_id', '=', exportId)
        .where('state', 'in', from)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async changeClip(exportId: string, cameraId: CameraId, { state, interruptions, recordedMs, bytes, files, gaps, failure }: ClipChange): Promise<void> {
      await db
        .updateTable('export_clips')
        .set({
          ...(state === undefined ? {} : { state }),
          ...(interruptions === undefined ? {} : { interruptions }),
          ...(recordedMs === undefined ? {} : { recorded_ms: recordedMs }),
          ...(bytes === undefined ? {} : { bytes }),
          ...(files === undefined ? {} : { files: asJson(files) }),
          ...(gaps === undefined ? {} : { gaps: asJson(gaps) }),
          ...(failure === undefined ? {} : { failure }),
        })
        .where('export_id', '=', exportId)
        .where('camera_id', '=', cameraId)
        .execute()
    },
  }
}
export type ExportStore = ReturnType<typeof createExportStore>

const exportOf = (row: ExportRow, clips: readonly ClipRow[]): StoredExport => ({
  exportId: row.export_id,
  state: row.state,
  userId: row.user_id,
  account: row.account,
  requestedAt: row.requested_at,
  fromAt: row.from_at,
  toAt: row.to_at,
  purpose: row.purpose,
  documentNumber: row.document_number,
  reason: row.reason,
  isWatermarked: row.is_watermarked,
  isH264: row.is_h264,
  decidedBy: row.decided_by,
  decidedAt: row.decided_at,
  decisionNote: row.decision_note,
  readyAt: row.ready_at,
  expiresAt: row.expires_at,
  papers: row.papers,
  clips: clips.map((clip) => ({
    cameraId: clip.camera_id,
    cameraName: clip.camera_name,
    state: clip.state,
    interruptions: clip.interruptions,
    recordedMs: clip.recorded_ms,
    bytes: clip.bytes,
    files: clip.files,
    gaps: clip.gaps,
    failure: clip.failure,
  })),
})
