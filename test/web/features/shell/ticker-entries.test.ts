import { describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import type { StatusChange } from '../../../../server/contract/status.ts'
import { groupChanges, longestMs, queryOf } from '../../../../web/features/shell/ticker-entries.ts'

const change = (id: string, atS: number, rest: Partial<StatusChange> = {}): StatusChange => ({
  cameraId: CameraId.parse(id),
  name: id,
  from: 'online',
  to: 'offline',
  cause: 'unreachable',
  at: atS * 1000,
  lastedMs: atS,
  ...rest,
})
const ids = (changes: StatusChange[]) => groupChanges(changes).map((entry) => entry.changes.map(({ cameraId }) => cameraId).join(' '))

describe('R-MON-1 one outage is one line', () => {
  test('the cameras of a switch, found one by one, are one entry that began with the first', () => {
    const [entry, ...others] = groupChanges([change('c', 118), change('b', 109), change('a', 100)])
    expect(others).toEqual([])
    expect(entry).toMatchObject({ at: 100_000, key: 'a:100000:offline' })
    expect(longestMs(entry!)).toBe(118)
    expect(queryOf(entry!)).toEqual({ status: 'offline' })
  })

  test('another change between them does not tear them apart; entries stand by the time they show', () => {
    expect(ids([change('b', 101), change('x', 100.5, { cause: 'refused_login' }), change('a', 100)])).toEqual(['x', 'b a'])
  })

  test.each([
    ['later', change('b', 111)],
    ['another cause', change('b', 101, { cause: 'silent' })],
    ['another state', change('b', 101, { to: 'online', from: 'offline', cause: null })],
    ['the same camera again', change('a', 101)],
  ])('%s is another entry', (_, newer) => {
    expect(ids([newer, change('a', 100)])).toHaveLength(2)
  })

  test('one camera leads to itself', () => {
    expect(queryOf(groupChanges([change('a', 100)])[0]!)).toEqual({ camera: 'a' })
  })

  test('the key stays while the outage grows, so that the line does not jump', () => {
    const key = (changes: StatusChange[]) => groupChanges(changes)[0]?.key
    expect(key([change('b', 105), change('a', 100)])).toBe(key([change('a', 100)]))
  })
})
