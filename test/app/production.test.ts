/** A production system from its first start: setup code, three administrators, cameras from a table, and what happens when parts of it die. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Me } from '../../server/contract/accounts.ts'
import type { CameraPoint } from '../../server/contract/cameras.ts'
import { childOf, getJson, isWell, killTrees, openPage, postJson, runToEnd, signInTo, startTree, stopTree, type Tree } from '../support/tree.ts'

const SLOW_MS = 300_000
/** Three people, three passwords. */
const passwords = { system: 'Correct-Horse-9a', security: 'Correct-Horse-9b', auditor: 'Correct-Horse-9c' }
type Account = keyof typeof passwords
const heading = 'id,name,lon,lat,crs,station,stationName,scene,link,mainUrl,username,password'
const rowOf = (n: number, change = '') =>
  `c${n},卡口-${n},111.66,40.75,GCJ-02,P1,青岚派出所,小巷,有线,rtsp://127.0.0.1:${1000 + n}/main${change},admin,geheim-1`
const until = (check: () => unknown, timeoutMs = 60_000) => vi.waitFor(check, { timeout: timeoutMs, interval: 100 })

describe.skipIf(process.platform !== 'linux')('production, from the first start', () => {
  let dataFolder: string
  let tree: Tree
  const setupCode = () => /[A-Z2-9]{5}(-[A-Z2-9]{5}){3}/.exec(tree.output())![0]
  const signIn = (account: Account) => signInTo(tree.url, account, passwords[account])
  const table = (...lines: string[]) => {
    const file = join(dataFolder, 'cameras.csv')
    writeFileSync(file, [heading, ...lines].join('\n'))
    return file
  }
  const points = async (cookie: string) => (await getJson<{ points: CameraPoint[] }>(tree.url, '/api/cameras', cookie)).points

  beforeAll(async () => {
    dataFolder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))
    tree = await startTree(dataFolder)
  }, SLOW_MS)
  afterAll(async () => {
    if (tree) await stopTree(tree)
    killTrees()
    rmSync(dataFolder, { recursive: true, force: true })
  }, 60_000)

  test('R-SEC-1 the setup code is printed once and makes the three administrators, once', async () => {
    expect(tree.output().split(setupCode())).toHaveLength(2)
    expect(await (await fetch(`${tree.url}/api/welcome`)).json()).toMatchObject({ needsSetup: true, isDemo: false })
    const person = (account: Account) => ({ account, displayName: account, password: passwords[account] })
    const people = { systemAdmin: person('system'), securityAdmin: person('security'), auditAdmin: person('auditor') }
    expect((await postJson(tree.url, '/api/setup', { setupCode: 'AAAAA-AAAAA-AAAAA-AAAAA', ...people })).status).toBeGreaterThanOrEqual(400)
    expect((await postJson(tree.url, '/api/setup', { setupCode: setupCode(), ...people })).status).toBe(200)
    expect((await postJson(tree.url, '/api/setup', { setupCode: setupCode(), ...people })).status).toBeGreaterThanOrEqual(400)
    expect(await (await fetch(`${tree.url}/api/welcome`)).json()).toMatchObject({ needsSetup: false })
    const roles = await Promise.all(
      (['system', 'security', 'auditor'] as const).map(async (account) => (await getJson<Me>(tree.url, '/api/me', await signIn(account))).role),
    )
    expect(roles).toEqual(['systemAdmin', 'securityAdmin', 'auditAdmin'])
  })

  test(
    'cameras from a table reach the running system: dry run, bad cells, then all of it, and the pages are told',
    async () => {
      const cookie = await signIn('system')
      const page = openPage(tree.url, cookie)
      const good = table(rowOf(1), rowOf(2), rowOf(3))
      expect(await runToEnd(dataFolder, ['--import-cameras', good, '--dry-run'])).toMatchObject({ code: 0, output: expect.stringContaining('新增 3') })
      expect(await points(cookie)).toEqual([])

      const bad = await runToEnd(dataFolder, ['--import-cameras', table(rowOf(1), rowOf(2).replace('111.66', '11.66'))])
      expect(bad).toMatchObject({ code: 1, output: expect.stringMatching(/第 3 行，经度 = "11\.66".*什么也没有导入/s) })
      expect(await points(cookie)).toEqual([])

      const done = await runToEnd(dataFolder, ['--import-cameras', table(rowOf(1), rowOf(2), rowOf(3))])
      expect(done).toMatchObject({ code: 0, output: expect.stringContaining('正在运行的系统已经在用') })
      expect(bad.output + done.output).not.toContain('geheim')
      expect((await points(cookie)).map(({ cameraId }) => cameraId)).toEqual(['c1', 'c2', 'c3'])
      await until(() => expect(page.messages).toContainEqual(expect.objectContaining({ topic: 'resync', reason: 'cameras_changed' })))
      await until(() => expect(page.states()).toContainEqual(expect.objectContaining({ cameraId: 'c1', status: 'offline', cause: 'unreachable' })))
      page.close()
    },
    SLOW_MS,
  )

  test(
    'the database killed: the login page and the pictures wait, and all is well again by itself',
    async () => {
      const cookie = await signIn('system')
      process.kill(childOf(tree, 'database/main.ts'), 'SIGKILL')
      await until(() => isWell(tree.url))
      expect(await points(cookie)).toHaveLength(3)
      await signIn('auditor')
    },
    SLOW_MS,
  )

  test(
    'a second start says who holds the folder; options nobody knows are refused; --help names every setting and column',
    async () => {
      const [second, unknown, help, dry] = await Promise.all([
        runToEnd(dataFolder, []),
        runToEnd(dataFolder, ['--nonsense']),
        runToEnd(dataFolder, ['--help']),
        runToEnd(dataFolder, ['--dry-run']),
      ])
      expect(second).toMatchObject({ code: 1, output: expect.stringContaining(`pid ${tree.child.pid}`) })
      expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining('--nonsense') })
      expect(help).toMatchObject({ code: 0, output: expect.stringMatching(/DATABASE_URL.*坐标系/s) })
      expect(dry.code).toBe(1)
    },
    SLOW_MS,
  )

  test(
    'stopped, it takes a table too, keeps the administrators, and prints no setup code again; a demo never touches it',
    async () => {
      tree.child.kill('SIGTERM')
      await once(tree.child, 'exit')
      expect(await runToEnd(dataFolder, ['--import-cameras', table(rowOf(4))])).toMatchObject({ code: 0, output: expect.stringContaining('下次启动时生效') })
      expect(await runToEnd(dataFolder, ['--demo'])).toMatchObject({ code: 1, output: expect.stringContaining('正式运行') })
      tree = await startTree(dataFolder)
      expect(tree.output()).not.toMatch(/[A-Z2-9]{5}(-[A-Z2-9]{5}){3}/)
      expect(await points(await signIn('system'))).toHaveLength(4)
    },
    SLOW_MS,
  )
})
