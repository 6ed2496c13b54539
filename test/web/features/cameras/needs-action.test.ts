import { describe, expect, test } from 'vitest'
import { countStates, onlineRateNow } from '../../../../web/features/cameras/counts.ts'
import { lastFaultEndedAt, listNeedsAction } from '../../../../web/features/cameras/needs-action.ts'
import { CameraId } from '../../../../server/contract/ids.ts'
import { cameraPoint } from './points.ts'

describe('what needs action', () => {
  test('worst first, in each state the newest on top; well and suspended ones are left out', () => {
    const rows = listNeedsAction([
      cameraPoint({ id: 'a', status: 'online' }),
      cameraPoint({ id: 'b', status: 'degraded', sinceAt: 9 }),
      cameraPoint({ id: 'c', status: 'offline', sinceAt: 1 }),
      cameraPoint({ id: 'd', status: 'unknown', sinceAt: 9 }),
      cameraPoint({ id: 'e', status: 'offline', sinceAt: 5 }),
      cameraPoint({ id: 'f', status: 'suspended' }),
    ])
    expect(rows.map((row) => row.key)).toEqual(['e', 'c', 'b', 'd'])
  })

  test('after our own restart hundreds of unknown cameras are one line, a fault beside them is not hidden', () => {
    const blind = Array.from({ length: 400 }, (_, i) => cameraPoint({ id: `u${i}`, status: 'unknown', cause: 'not_probed_yet' }))
    const rows = listNeedsAction([...blind, cameraPoint({ id: 'x', status: 'offline' }), cameraPoint({ id: 'y', status: 'unknown', cause: 'own_uplink' })])
    expect(rows).toHaveLength(3)
    expect(rows[0]).toMatchObject({ kind: 'camera', key: 'x' })
    expect(rows.find((row) => row.kind === 'group')).toMatchObject({ cause: 'not_probed_yet', count: 400 })
  })

  test('the last fault is the latest change out of a fault', () => {
    const change = (from: 'online' | 'offline', at: number) => ({
      cameraId: CameraId.parse('a'),
      name: 'a',
      from,
      to: 'online' as const,
      cause: null,
      at,
      lastedMs: 0,
    })
    expect(lastFaultEndedAt([change('online', 9), change('offline', 7), change('offline', 3)])).toBe(7)
    expect(lastFaultEndedAt([change('online', 9)])).toBeNull()
  })
})

describe('R-SLA online rate now', () => {
  test('unknown and suspended do not count; degraded counts as online', () => {
    const counts = countStates([
      ...Array.from({ length: 6 }, (_, i) => cameraPoint({ id: `o${i}` })),
      cameraPoint({ id: 'd', status: 'degraded' }),
      cameraPoint({ id: 'x', status: 'offline' }),
      cameraPoint({ id: 'u', status: 'unknown' }),
      cameraPoint({ id: 's', status: 'suspended' }),
    ])
    expect(onlineRateNow(counts)).toBe(7 / 8)
  })
  test('nothing assessable is no rate, not 0', () => expect(onlineRateNow(countStates([cameraPoint({ id: 'u', status: 'unknown' })]))).toBeNull())
})
