/** What the endpoints of recordings add to the feature itself. */
import { expect, test } from 'vitest'
import type { StorageReply } from '../../../server/contract/storage.ts'
import { draftOf, openTestWorld, signIn, stationOf } from '../../support/open-app.ts'

test('R-STORE-1 the storage page counts by the policy that was just set, not by what was added up a minute ago', async () => {
  const world = await openTestWorld()
  const running = await world.start()
  try {
    await running.app.cameras.putStations([stationOf('s1')])
    await running.app.cameras.putCameras([draftOf('a', 's1')])
    const administrator = await signIn(running, { account: 'admin', role: 'systemAdmin' })
    const modes = async () => ((await administrator.get('/api/storage')).body as StorageReply).cameras.map(({ cameraId, mode }) => [cameraId, mode])
    expect(await modes()).toEqual([])
    for (const mode of ['continuous', 'off'] as const) {
      const policy = { cameraIds: ['a'], mode, schedule: [], profile: 'main', keepDays: 15 }
      expect((await administrator.post('/api/recording-policies', policy)).status).toBe(200)
      expect(await modes()).toEqual([['a', mode]])
    }
  } finally {
    await running.close()
    await world.close()
  }
})
