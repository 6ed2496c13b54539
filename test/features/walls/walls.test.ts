/** Layouts and rotations on a real database: whose they are, who may use them, and that what a user may not see is neither told nor lost. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { User } from '../../../server/base/routes.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { MAX_LAYOUTS_PER_ACCOUNT, MAX_ROTATIONS_PER_ACCOUNT, type SaveRotation, wallShapes } from '../../../server/contract/walls.ts'
import { camera, codeOf, colleague, layoutOf, openWallWorld, owner, ownerOfNorth, rotationOf, supervisor, type WallWorld } from './wall-world.ts'

let world: WallWorld
beforeAll(async () => {
  world = await openWallWorld()
})
afterAll(() => world.close())
beforeEach(() => world.reset())
const open = () => world.open()

describe('R-WALL-1 layouts', () => {
  test('are kept as they were saved, listed by name, changed and removed by their owner', async () => {
    const { layouts } = open()
    const b = await layouts.add(layoutOf({ name: 'B' }), owner)
    world.clock.advance(1_000)
    const a = await layouts.add(layoutOf({ name: 'A', shape: wallShapes[8], cameraIds: Array.from({ length: 8 }, () => null) }), owner)
    expect(b).toMatchObject({ ...layoutOf({ name: 'B' }), isMine: true, owner: 'owner', hiddenCount: 0, updatedAt: world.clock.now() - 1_000 })
    expect(await open().layouts.list(owner)).toEqual([a, b])
    const changed = await layouts.change(b.layoutId, layoutOf({ name: 'C', sharedWith: ['supervisor', 'supervisor'] }), owner)
    expect(changed).toMatchObject({ layoutId: b.layoutId, name: 'C', sharedWith: ['supervisor'], updatedAt: world.clock.now() })
    expect(await layouts.remove(a.layoutId, owner)).toMatchObject({ layoutId: a.layoutId, name: 'A' })
    expect(await layouts.list(owner)).toEqual([changed])
  })

  test('are there for the roles they are shared with, to use and not to change; for everybody else they are not there', async () => {
    const { layouts } = open()
    const { layoutId } = await layouts.add(layoutOf({ sharedWith: ['supervisor'] }), owner)
    expect(await layouts.list(supervisor)).toMatchObject([{ layoutId, isMine: false, owner: 'owner' }])
    expect(await layouts.list(colleague)).toEqual([])
    for (const work of [(user: User) => layouts.change(layoutId, layoutOf(), user), (user: User) => layouts.remove(layoutId, user)]) {
      expect(await codeOf(work(supervisor))).toBe('forbidden')
      expect(await codeOf(work(colleague))).toBe('not_found')
    }
    expect(await codeOf(layouts.remove(randomUUID(), owner))).toBe('not_found')
    await layouts.change(layoutId, layoutOf(), owner)
    expect(await layouts.list(supervisor)).toEqual([])
  })

  test('a change is told to its owner and to whoever may use it now, or could until now; a refused one to nobody', async () => {
    const { layouts, rotations } = open()
    const { layoutId } = await layouts.add(layoutOf({ sharedWith: ['supervisor'] }), owner)
    await layouts.change(layoutId, layoutOf({ name: 'private' }), owner)
    await layouts.change(layoutId, layoutOf({ name: 'still private' }), owner)
    await codeOf(layouts.change(layoutId, layoutOf(), supervisor))
    await codeOf(layouts.remove(layoutId, colleague))
    await layouts.remove(layoutId, owner)
    expect(world.told).toEqual([['owner', 'chief'], ['owner', 'chief'], ['owner'], ['owner']])
    world.told = []
    const { rotationId } = await rotations.add(rotationOf({ sharedWith: ['dutyOfficer'], steps: { kind: 'cameras', cameraIds: [camera('n1')] } }), supervisor)
    await rotations.change(rotationId, rotationOf({ sharedWith: ['dutyOfficer', 'supervisor'] }), supervisor)
    await rotations.remove(rotationId, supervisor)
    expect(world.told).toEqual(Array.from({ length: 3 }, () => ['owner', 'colleague', 'chief']))
  })

  test('a camera elsewhere is null and counted; in a new layout it is refused like one that is nowhere, with its tile', async () => {
    const { layouts } = open()
    await layouts.add(layoutOf({ sharedWith: ['dutyOfficer'] }), owner)
    const [seen] = await layouts.list(colleague)
    expect(seen).toMatchObject({ cameraIds: ['n1', null, null, 'n2'], hiddenCount: 1 })
    const refusals = await Promise.all(
      ['s1', 'nowhere', '__proto__'].map((id) =>
        layouts.add(layoutOf({ cameraIds: [null, null, camera(id), null] }), colleague).catch(({ code, message, fields }) => ({ code, message, fields })),
      ),
    )
    for (const refusal of refusals)
      expect(refusal).toEqual({ code: 'bad_request', message: 'tile 3: no such camera', fields: [{ path: 'body.cameraIds.2', problem: 'no such camera' }] })
  })

  test('what its owner may not see any more stays on its tile when he saves, until he puts something else there', async () => {
    const { layouts } = open()
    const { layoutId } = await layouts.add(layoutOf(), owner)
    const saved = await layouts.change(layoutId, layoutOf({ name: 'renamed', cameraIds: [null, null, null, camera('n3')] }), ownerOfNorth)
    expect(saved).toMatchObject({ name: 'renamed', cameraIds: [null, null, null, 'n3'], hiddenCount: 1 })
    expect(await layouts.list(owner)).toMatchObject([{ cameraIds: [null, 's1', null, 'n3'], hiddenCount: 0 }])
    // another shape: the tile at the same place keeps it, wherever it is in the order
    const [first, second, ...others] = wallShapes[4].places
    const turned = { ...wallShapes[4], places: [second!, first!, ...others] }
    await layouts.change(layoutId, layoutOf({ shape: turned, cameraIds: [null, null, null, null] }), ownerOfNorth)
    expect(await layouts.list(owner)).toMatchObject([{ cameraIds: ['s1', null, null, null] }])
    await layouts.change(layoutId, layoutOf({ shape: turned, cameraIds: [camera('n1'), null, null, null] }), ownerOfNorth)
    expect(await layouts.list(owner)).toMatchObject([{ cameraIds: ['n1', null, null, null], hiddenCount: 0 }])
  })

  test('one account has so many, also when all are asked for at once', async () => {
    const { layouts } = open()
    await layouts.add(layoutOf(), supervisor)
    const codes = await Promise.all(Array.from({ length: MAX_LAYOUTS_PER_ACCOUNT + 3 }, () => codeOf(layouts.add(layoutOf(), owner))))
    expect(codes.filter((code) => code === 'done')).toHaveLength(MAX_LAYOUTS_PER_ACCOUNT)
    await expect(layouts.add(layoutOf(), owner)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(String(MAX_LAYOUTS_PER_ACCOUNT)) })
    await layouts.remove((await layouts.list(owner))[0]!.layoutId, owner)
    expect(await codeOf(layouts.add(layoutOf(), owner))).toBe('done')
  })
})

describe('R-WALL-2 rotations', () => {
  test.each<SaveRotation['steps']>([
    { kind: 'cameras', cameraIds: [camera('n1'), camera('s1'), camera('n1')] },
    { kind: 'groups', groups: [{ name: '门口', cameraIds: [camera('n2'), camera('s3')] }] },
  ])('of $kind are kept as they were saved', async (steps) => {
    const { rotations } = open()
    const rotation = await rotations.add(rotationOf({ steps, onOffline: 'skip' }), owner)
    expect(rotation).toMatchObject({ ...rotationOf({ steps, onOffline: 'skip' }), isMine: true, owner: 'owner', hiddenCount: 0 })
    expect(await open().rotations.list(owner)).toEqual([rotation])
    await rotations.change(rotation.rotationId, rotationOf({ dwellMs: 8_000 }), owner)
    expect(await rotations.list(owner)).toMatchObject([rotationOf({ dwellMs: 8_000 })])
    await rotations.remove(rotation.rotationId, owner)
    expect(await rotations.list(owner)).toEqual([])
  })

  test('are changed by their owner only, used by the roles they are shared with, and not there for others', async () => {
    const { rotations } = open()
    const { rotationId } = await rotations.add(rotationOf({ sharedWith: ['supervisor'] }), owner)
    expect(await rotations.list(supervisor)).toMatchObject([{ rotationId, isMine: false }])
    expect(await rotations.list(colleague)).toEqual([])
    for (const work of [(user: User) => rotations.change(rotationId, rotationOf(), user), (user: User) => rotations.remove(rotationId, user)]) {
      expect(await codeOf(work(supervisor))).toBe('forbidden')
      expect(await codeOf(work(colleague))).toBe('not_found')
    }
  })

  test('cameras elsewhere are left out and counted, and a group of nothing else is not even named', async () => {
    const { rotations } = open()
    const groups = [
      { name: '两边', cameraIds: [camera('n1'), camera('s1')] },
      { name: '南区', cameraIds: [camera('s2'), camera('s3')] },
    ]
    await rotations.add(rotationOf({ name: 'a', sharedWith: ['dutyOfficer'] }), owner)
    await rotations.add(rotationOf({ name: 'b', sharedWith: ['dutyOfficer'], steps: { kind: 'groups', groups } }), owner)
    expect(await rotations.list(colleague)).toMatchObject([
      { steps: { cameraIds: ['n1', 'n2'] }, hiddenCount: 1 },
      { steps: { groups: [{ name: '两边', cameraIds: ['n1'] }] }, hiddenCount: 3 },
    ])
    const refused = (steps: SaveRotation['steps']) => rotations.add(rotationOf({ steps }), colleague)
    for (const id of ['s1', 'nowhere']) {
      await expect(refused({ kind: 'cameras', cameraIds: [camera('n1'), camera(id)] })).rejects.toMatchObject({
        code: 'bad_request',
        fields: [{ path: 'body.steps.cameraIds.1', problem: 'no such camera' }],
      })
      await expect(refused({ kind: 'groups', groups: [{ name: 'x', cameraIds: [camera(id)] }] })).rejects.toMatchObject({
        fields: [{ path: 'body.steps.groups.0.cameraIds.0', problem: 'no such camera' }],
      })
    }
  })

  test('cameras their owner may not see any more keep their place when he saves', async () => {
    const { rotations } = open()
    const { rotationId } = await rotations.add(rotationOf(), owner)
    const saved = await rotations.change(rotationId, rotationOf({ steps: { kind: 'cameras', cameraIds: [camera('n3'), camera('n1')] } }), ownerOfNorth)
    expect(saved).toMatchObject({ steps: { cameraIds: ['n3', 'n1'] }, hiddenCount: 1 })
    expect(await rotations.list(owner)).toMatchObject([{ steps: { cameraIds: ['n3', 'n1', 's1'] } }])
    await rotations.change(rotationId, rotationOf({ steps: { kind: 'cameras', cameraIds: [camera('n3')] } }), ownerOfNorth)
    expect(await rotations.list(owner)).toMatchObject([{ steps: { cameraIds: ['n3', 's1'] } }])
  })

  test('groups keep them too, also those that are renamed or taken out', async () => {
    const { rotations } = open()
    const groups = (...all: [string, ...string[]][]) => ({
      kind: 'groups' as const,
      groups: all.map(([name, ...ids]) => ({ name, cameraIds: ids.map(camera) })),
    })
    const { rotationId } = await rotations.add(rotationOf({ steps: groups(['a', 's1', 'n1'], ['b', 'n2', 's2'], ['c', 's3']) }), owner)
    await rotations.change(rotationId, rotationOf({ steps: groups(['a', 'n1', 'n3'], ['renamed', 'n2']) }), ownerOfNorth)
    expect(await rotations.list(owner)).toMatchObject([{ steps: groups(['a', 's1', 'n1', 'n3'], ['renamed', 'n2'], ['b', 's2'], ['c', 's3']), hiddenCount: 0 }])
  })

  test('with what is kept they hold no more than the contract says', async () => {
    const { rotations } = open()
    const of = (ids: CameraId[]) => rotationOf({ steps: { kind: 'cameras', cameraIds: ids } })
    const { rotationId } = await rotations.add(of([camera('s1'), camera('n1')]), owner)
    const full = Array.from({ length: 500 }, () => camera('n1'))
    await expect(rotations.change(rotationId, of(full), ownerOfNorth)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('501') })
    expect(await rotations.list(owner)).toMatchObject([of([camera('s1'), camera('n1')])])
  })

  test('of layouts name only those their owner may use; one that has gone is left out, one that is not for the reader is counted', async () => {
    const { layouts, rotations } = open()
    const of = (...layoutIds: string[]) => rotationOf({ sharedWith: ['dutyOfficer'], steps: { kind: 'layouts', layoutIds } })
    const own = await layouts.add(layoutOf(), owner)
    const shared = await layouts.add(layoutOf({ sharedWith: ['dutyOfficer'] }), supervisor)
    const foreign = await layouts.add(layoutOf(), supervisor)
    for (const id of [foreign.layoutId, randomUUID()])
      await expect(rotations.add(of(own.layoutId, id), owner)).rejects.toMatchObject({
        code: 'bad_request',
        fields: [{ path: 'body.steps.layoutIds.1', problem: 'no such layout' }],
      })
    const { rotationId } = await rotations.add(of(own.layoutId, shared.layoutId, own.layoutId), owner)
    expect(await rotations.list(colleague)).toMatchObject([{ steps: { layoutIds: [shared.layoutId] }, hiddenCount: 2 }])
    // taken back by its owner, it stays in the rotation unseen
    await layouts.change(shared.layoutId, layoutOf(), supervisor)
    expect(await rotations.list(owner)).toMatchObject([{ steps: { layoutIds: [own.layoutId, own.layoutId] }, hiddenCount: 1 }])
    await rotations.change(rotationId, of(own.layoutId), owner)
    await layouts.change(shared.layoutId, layoutOf({ sharedWith: ['dutyOfficer'] }), supervisor)
    expect(await rotations.list(owner)).toMatchObject([{ steps: { layoutIds: [own.layoutId, shared.layoutId] }, hiddenCount: 0 }])
    await layouts.remove(own.layoutId, owner)
    expect(await rotations.list(owner)).toMatchObject([{ steps: { layoutIds: [shared.layoutId] }, hiddenCount: 0 }])
  })

  test('one account has so many', async () => {
    const { rotations } = open()
    const codes = await Promise.all(Array.from({ length: MAX_ROTATIONS_PER_ACCOUNT + 2 }, () => codeOf(rotations.add(rotationOf(), owner))))
    expect(codes.filter((code) => code === 'done')).toHaveLength(MAX_ROTATIONS_PER_ACCOUNT)
    expect(codes.filter((code) => code === 'conflict')).toHaveLength(2)
  })
})
