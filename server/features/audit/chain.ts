/** The hash chain of the audit log, as pure functions: what is hashed, and what a broken chain looks like. */
import type { AuditEntry } from '../../base/routes.ts'

export type AuditRow = {
  seq: number
  at: number
  name: string
  result: AuditEntry['result']
  code: string | null
  user_id: string | null
  account: string | null
  login_id: string | null
  address: string
  request_id: string
  camera_id: string | null
  detail: string
  prev_hash: string
  hash: string
}

/** A mark kept outside the database: at this row the chain had this hash. */
export type Anchor = { seq: number; hash: string; at: number }

export type ChainProblem = {
  /** The first row that cannot be trusted. */
  seq: number
  kind: 'changed' | 'missing' | 'wrong_link' | 'cut_off' | 'head_differs' | 'anchor_differs'
  detail: string
}

/** Keyed (HMAC-SHA-256), so that whoever can write the database but not read the key file cannot make a chain that verifies. */
export type Sign = (text: string) => string

/** What the hash of a row covers: every column but the hash itself, in this order, for ever. */
export function canonicalRow(row: Omit<AuditRow, 'hash'>): string {
  return JSON.stringify([
    'audit v1',
    row.seq,
    row.at,
    row.name,
    row.result,
    row.code,
    row.user_id,
    row.account,
    row.login_id,
    row.address,
    row.request_id,
    row.camera_id,
    row.detail,
    row.prev_hash,
  ])
}

/** Rows that follow `head`, in order. */
export function linkRows(head: { seq: number; hash: string }, entries: readonly { at: number; entry: AuditEntry }[], sign: Sign): AuditRow[] {
  let { seq, hash: previous } = head
  return entries.map(({ at, entry }) => {
    const unsigned = {
      seq: ++seq,
      at,
      name: clean(entry.name, 64),
      result: entry.result,
      code: entry.code,
      user_id: entry.userId && clean(entry.userId, 64),
      account: entry.account && clean(entry.account, 64),
      login_id: entry.loginId && clean(entry.loginId, 64),
      address: clean(entry.address, 64),
      request_id: clean(entry.requestId, 64),
      camera_id: entry.cameraId && clean(entry.cameraId, 64),
      detail: canonicalDetail(entry.detail),
      prev_hash: previous,
    }
    previous = sign(canonicalRow(unsigned))
    return { ...unsigned, hash: previous }
  })
}

const DETAIL_VALUE_LENGTH = 500

function canonicalDetail(detail: AuditEntry['detail']): string {
  const pairs = Object.entries(detail)
    .slice(0, 50)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [
      clean(key, 64),
      typeof value === 'string'
        ? clean(value, DETAIL_VALUE_LENGTH)
        : Array.isArray(value)
          ? value.map((each) => clean(String(each), DETAIL_VALUE_LENGTH))
          : value,
    ])
  return JSON.stringify(Object.fromEntries(pairs))
}

/** What PostgreSQL can hold and what cannot forge a line when printed: no NUL, no lone surrogate, no control character. */
const clean = (text: string, most: number) =>
  Buffer.from(text.slice(0, most), 'utf8')
    .toString('utf8')
    .replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd')

/** Walks the rows in order of `seq`, batch by batch; `finish` compares with the head row and the anchors. */
export function createChainCheck(sign: Sign, anchors: readonly Anchor[]) {
  const problems: ChainProblem[] = []
  const anchorBySeq = new Map(anchors.map((anchor) => [anchor.seq, anchor]))
  let last = { seq: 0, hash: '' }

  return {
    add(row: AuditRow) {
      if (row.seq !== last.seq + 1) problems.push({ seq: last.seq + 1, kind: 'missing', detail: `rows ${last.seq + 1} to ${row.seq - 1} are not there` })
      else if (row.prev_hash !== last.hash) problems.push({ seq: row.seq, kind: 'wrong_link', detail: 'does not continue the row before' })
      if (sign(canonicalRow(row)) !== row.hash) problems.push({ seq: row.seq, kind: 'changed', detail: 'its content does not have its hash' })
      const anchor = anchorBySeq.get(row.seq)
      if (anchor && anchor.hash !== row.hash) problems.push({ seq: row.seq, kind: 'anchor_differs', detail: 'is another row than the one anchored' })
      last = row
    },
    finish(head: { seq: number; hash: string } | undefined) {
      const farthest = Math.max(0, ...anchors.map(({ seq }) => seq))
      if (farthest > last.seq) problems.push({ seq: last.seq + 1, kind: 'cut_off', detail: `the log once reached row ${farthest}` })
      if (!head || head.seq !== last.seq || head.hash !== last.hash) {
        problems.push({
          seq: Math.min(last.seq, head?.seq ?? 0) + 1,
          kind: 'head_differs',
          detail: `the head says row ${head?.seq ?? 'none'}, the last row is ${last.seq}`,
        })
      }
      return { isWhole: problems.length === 0, rows: last.seq, problems: problems.sort((a, b) => a.seq - b.seq) }
    },
  }
}
export type ChainReport = ReturnType<ReturnType<typeof createChainCheck>['finish']>
