import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../server/base/clock.ts'
import { openSecrets } from '../../../server/base/secrets.ts'
import { CameraId } from '../../../server/contract/ids.ts'
import type { Station } from '../../../server/contract/stations.ts'
import { createCameras, createCameraStore, type Cameras } from '../../../server/features/cameras/index.ts'
import { decodeTable, parseCsv } from '../../../server/features/cameras/csv.ts'
import { planImport } from '../../../server/features/cameras/import.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { draftOf } from '../../support/open-app.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const heading = '编号,名称,经度,纬度,坐标系,朝向,视角,可视距离,派出所编号,派出所,场景,接入方式,主码流,子码流,用户名,密码,传输'
const good = {
  编号: '15010200001310000001',
  名称: '澄桥路卡口-01',
  经度: '111.666',
  纬度: '40.751',
  坐标系: 'GCJ-02',
  朝向: '90',
  视角: '60',
  可视距离: '50',
  派出所编号: 'P01',
  派出所: '青岚派出所',
  场景: '小巷卡口',
  接入方式: '有线',
  主码流: 'rtsp://10.0.0.1:554/main',
  子码流: '',
  用户名: 'admin',
  密码: 'geheim-1',
  传输: 'TCP',
}
const quoted = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
const rowOf = (change: Partial<typeof good> = {}) =>
  heading
    .split(',')
    .map((name) => quoted({ ...good, ...change }[name as keyof typeof good]))
    .join(',')
const tableOf = (...changes: Partial<typeof good>[]) => bytes([heading, ...changes.map(rowOf)].join('\r\n'))
const nothing = { cameras: [], stations: [], outline: null }
const plan = (...changes: Partial<typeof good>[]) => planImport(tableOf(...changes), nothing)

describe('a table saved by a spreadsheet', () => {
  test.each([
    { name: 'UTF-8', encode: (text: string) => bytes(text) },
    { name: 'UTF-8 with a byte order mark', encode: (text: string) => bytes(`\uFEFF${text}`) },
    { name: 'UTF-16', encode: (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le') },
    { name: 'GBK', encode: (text: string) => execFileSync('iconv', ['-f', 'utf-8', '-t', 'gbk'], { input: text }) },
    { name: 'tabs', encode: (text: string) => bytes(text.replaceAll(',', '\t')) },
    { name: 'semicolons', encode: (text: string) => bytes(text.replaceAll(',', ';')) },
  ])('$name', ({ encode }) => {
    const { drafts, report } = planImport(encode(`${heading}\n${rowOf()}\n\n`), nothing)
    expect(report.problems).toEqual([])
    expect(drafts).toMatchObject([{ cameraId: '15010200001310000001', name: '澄桥路卡口-01', scene: 'alley' }])
  })

  test('quotes hold delimiters, quotes and line ends; rows count as on screen', () => {
    expect(parseCsv('a,b\n\n"1,""x""\ny" , z"z\n')).toEqual([
      { row: 1, cells: ['a', 'b'] },
      { row: 3, cells: ['1,"x"\ny', 'z"z'] },
    ])
    expect(parseCsv('a\n"never closed')).toEqual([
      { row: 1, cells: ['a'] },
      { row: 2, cells: ['never closed'] },
    ])
    expect(decodeTable(bytes('\uFEFF编号'))).toBe('编号')
  })
})

/** Each makes exactly one cell bad. */
const badRows: { change: Partial<typeof good>; column: string; says: string }[] = [
  { change: { 编号: '' }, column: '编号', says: '不能为空' },
  { change: { 编号: '3.4020E+19' }, column: '编号', says: '文本' },
  { change: { 编号: '="15010200001310000002"' }, column: '编号', says: '字母' },
  { change: { 编号: 'x'.repeat(41) }, column: '编号', says: '40' },
  { change: { 编号: '../etc' }, column: '编号', says: '字母' },
  { change: { 名称: '' }, column: '名称', says: '不能为空' },
  { change: { 名称: '=cmd|/c calc!A1' }, column: '名称', says: '=' },
  { change: { 名称: '+1' }, column: '名称', says: '=' },
  { change: { 名称: '@SUM(A1)' }, column: '名称', says: '=' },
  { change: { 名称: '-2+3' }, column: '名称', says: '=' },
  { change: { 名称: 'a\nb' }, column: '名称', says: '换行' },
  { change: { 名称: '长'.repeat(101) }, column: '名称', says: '100' },
  { change: { 经度: '' }, column: '经度', says: '不能为空' },
  { change: { 经度: 'abc' }, column: '经度', says: '73' },
  { change: { 经度: '1116.6' }, column: '经度', says: '136' },
  { change: { 经度: '111°39′' }, column: '经度', says: '73' },
  { change: { 经度: '40.75' }, column: '经度', says: '写反' },
  { change: { 纬度: '111.66' }, column: '纬度', says: '写反' },
  { change: { 纬度: '40,75' }, column: '纬度', says: '54' },
  { change: { 纬度: 'NaN' }, column: '纬度', says: '54' },
  { change: { 坐标系: '' }, column: '坐标系', says: '不能为空' },
  { change: { 坐标系: '北京54' }, column: '坐标系', says: 'GCJ-02' },
  { change: { 坐标系: 'EPSG:3857' }, column: '坐标系', says: 'WGS-84' },
  { change: { 朝向: '360' }, column: '朝向', says: '正北' },
  { change: { 朝向: '东' }, column: '朝向', says: '正北' },
  { change: { 视角: '0' }, column: '视角', says: '360' },
  { change: { 可视距离: '5km' }, column: '可视距离', says: '2000' },
  { change: { 派出所编号: '青岚' }, column: '派出所编号', says: '字母' },
  { change: { 派出所编号: 'P02', 派出所: '' }, column: '派出所编号', says: '没有这个派出所' },
  { change: { 派出所: '别名派出所' }, column: '派出所', says: '叫作 青岚派出所' },
  { change: { 场景: '屋顶' }, column: '场景', says: '小巷卡口' },
  { change: { 接入方式: '光缆' }, column: '接入方式', says: '有线' },
  { change: { 主码流: '' }, column: '主码流', says: '不能为空' },
  { change: { 主码流: 'http://10.0.0.1/main' }, column: '主码流', says: 'rtsp://' },
  { change: { 主码流: 'rtsp://admin:12/3@10.0.0.1/main' }, column: '主码流', says: '密码列' },
  { change: { 主码流: 'rtsp://10.0.0.1:99999/main' }, column: '主码流', says: 'rtsp://' },
  { change: { 主码流: 'rtsp://root:other@10.0.0.1/main' }, column: '主码流', says: '不一致' },
  { change: { 子码流: 'file:///etc/passwd' }, column: '子码流', says: 'rtsp://' },
  { change: { 用户名: 'u'.repeat(101) }, column: '用户名', says: '100' },
  { change: { 密码: 'p'.repeat(101) }, column: '密码', says: '100' },
  { change: { 传输: 'sctp' }, column: '传输', says: 'TCP' },
]

describe('bad rows', () => {
  test('all are named at once, with row, column and what is allowed; no password is shown', () => {
    const changes = badRows.map(({ change }, i) => ({ 编号: `c${i}`, 主码流: `rtsp://10.1.0.${i}/main`, 密码: 'Geheimnis', ...change }))
    const { report, drafts } = plan({}, ...changes)
    expect(badRows.length).toBeGreaterThanOrEqual(40)
    expect(report.problems.map(({ row, column }) => ({ row, column }))).toEqual(badRows.map(({ column }, i) => ({ row: i + 3, column })))
    report.problems.forEach(({ problem }, i) => expect(problem, badRows[i]!.column).toContain(badRows[i]!.says))
    expect(JSON.stringify(report)).not.toMatch(/Geheimnis|12\/3|other@|pppp/)
    expect(drafts.map(({ cameraId }) => cameraId)).not.toContain('c0')
  })

  test('the same number, or the same stream, twice', () => {
    const { report } = plan({}, { 主码流: 'rtsp://10.0.0.2/main' }, { 编号: 'c3' })
    expect(report.problems).toMatchObject([
      { row: 3, column: '编号', problem: '与第 2 行重复' },
      { row: 4, column: '主码流', problem: '与第 2 行的主码流相同' },
    ])
    const taken = planImport(tableOf({}), {
      cameras: [draftOf('c9', 'P01', { access: { ...draftOf('x', 'y').access, mainUrl: good.主码流 } })],
      stations: [],
      outline: null,
    })
    expect(taken.report.problems).toMatchObject([{ row: 2, problem: '与已有摄像机 c9 的主码流相同' }])
  })

  test('headings nobody knows, given twice, or missing', () => {
    const problemsOf = (text: string) => planImport(bytes(text), nothing).report.problems.map(({ column, problem }) => `${column} ${problem}`)
    expect(problemsOf('编号,名陈\nc1,a')).toEqual([expect.stringContaining('不认识的列名')])
    expect(problemsOf('编号,id\nc1,c1')).toEqual([expect.stringContaining('此列出现两次')])
    expect(problemsOf('编号,经度,纬度\nc1,111,40')).toEqual([expect.stringContaining('坐标系 缺少此列')])
    expect(problemsOf('名称\na')).toEqual([expect.stringContaining('编号 缺少此列')])
    expect(problemsOf('编号,名称\nc1,a').length).toBeGreaterThan(5)
    expect(problemsOf('')).toContainEqual(expect.stringContaining('文件是空的'))
    expect(problemsOf(heading)).toEqual([expect.stringContaining('没有数据行')])
    expect(problemsOf(`${heading}\n${rowOf()},,多`)).toEqual([expect.stringContaining('没加引号的逗号')])
    expect(problemsOf('\u0000\u0001\u0002')).not.toEqual([])
  })
})

describe('R-MAP-7 places', () => {
  test.each([
    { crs: 'WGS-84', shiftedM: [0, 0] },
    { crs: 'cgcs2000', shiftedM: [0, 0] },
    { crs: 'GCJ-02', shiftedM: [300, 800] },
    { crs: 'BD-09', shiftedM: [600, 1800] },
  ])('$crs is stored as WGS-84 beside the given pair', ({ crs, shiftedM: [least, most] }) => {
    const [draft] = plan({ 坐标系: crs }).drafts
    const metres = Math.hypot((draft!.lonLat[0] - 111.666) * 84_300, (draft!.lonLat[1] - 40.751) * 111_000)
    expect(metres).toBeGreaterThanOrEqual(least!)
    expect(metres).toBeLessThanOrEqual(most!)
    expect(draft!.original.pair).toEqual([111.666, 40.751])
  })
  test('a camera with no direction sees all round, not north', () => {
    expect(plan({ 朝向: '', 视角: '' }).drafts[0]).toMatchObject({ headingDeg: 0, fovDeg: 360 })
  })
})

describe('logins', () => {
  test('a pasted login is split off and percent-decoded; passwords may hold @', () => {
    expect(plan({ 主码流: 'rtsp://op:p%40%2Fs@10.0.0.1/main?a=1', 用户名: '', 密码: '' }).drafts[0]!.access).toMatchObject({
      mainUrl: 'rtsp://10.0.0.1/main?a=1',
      username: 'op',
      password: 'p@/s',
    })
    expect(plan({ 主码流: 'rtsp://op:a@b@10.0.0.1/', 用户名: 'op', 密码: 'a@b' }).drafts[0]!.access).toMatchObject({
      mainUrl: 'rtsp://10.0.0.1/',
      password: 'a@b',
    })
  })
})

describe('into the register', () => {
  let opened: TestDatabase
  let folder: string
  let cameras: Cameras
  const told: number[] = []
  const c7 = CameraId.parse('c7')
  const stored = async () => createCameraStore(opened.database, await openSecrets(folder)).listDrafts()
  const put = (table: Uint8Array, isDryRun = false) => cameras.importTable(table, { isDryRun, by: 'root', fileName: 'points.csv' })

  beforeAll(async () => {
    opened = await openTestDatabase()
    folder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))
    cameras = createCameras({
      store: createCameraStore(opened.database, await openSecrets(folder)),
      clock: systemClock,
      outline: null,
      onChanged: (entries) => void told.push(entries.length),
    })
    await cameras.open()
  })
  afterAll(async () => {
    await opened.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a dry run says what would happen and changes nothing; a bad cell anywhere changes nothing', async () => {
    expect(await put(tableOf({}), true)).toMatchObject({ added: 1, stationsAdded: ['青岚派出所'], problems: [] })
    expect(await put(tableOf({}, { 编号: 'c2', 主码流: 'rtsp://10.0.0.2/', 经度: '0' }))).toMatchObject({ problems: [{ row: 3, column: '经度' }] })
    expect(await stored()).toEqual([])
    expect(told).toEqual([0])
  })

  test('468 cameras in 9 stations go in at once, are told once, and the same table again changes nothing', async () => {
    const table = tableOf(
      ...Array.from({ length: 468 }, (_, i) => ({
        编号: `c${i}`,
        名称: `卡口-${i}`,
        主码流: `rtsp://10.2.${i >> 8}.${i & 255}/main`,
        派出所编号: `P${i % 9}`,
        派出所: `${i % 9}号派出所`,
      })),
    )
    expect(await put(table)).toMatchObject({ rows: 468, added: 468, problems: [] })
    expect(told).toEqual([0, 468])
    expect(await put(table)).toMatchObject({ added: 0, changed: 0, unchanged: 468 })
    expect(await cameras.listMoves(c7)).toEqual([])
    const [station] = (await cameras.listStations({ stationIds: null })) as Station[]
    expect(station).toMatchObject({ stationId: 'P0', name: '0号派出所', shortName: '0号所' })
  })

  test('a moved camera is named with its metres; columns left out and an empty password keep what was there', async () => {
    const report = await put(bytes('id,lon,lat,crs,password\nc7,111.676,40.751,GCJ-02,\nc8,111.666,40.751,GCJ-02,neu'))
    expect(report).toMatchObject({ changed: 2, untouched: 466, moved: [{ cameraId: 'c7', metres: expect.closeTo(843, -1) }] })
    const [move, ...others] = await cameras.listMoves(c7)
    expect(move).toMatchObject({ by: 'root', reason: 'points.csv', movedM: expect.closeTo(843, -1) })
    expect(move!.to.lonLat).toEqual((await stored()).find(({ cameraId }) => cameraId === c7)!.lonLat)
    expect(others).toEqual([])
    const byId = new Map((await stored()).map((draft) => [draft.cameraId as string, draft]))
    expect(byId.get('c7')).toMatchObject({ name: '卡口-7', access: { username: 'admin', password: 'geheim-1', transport: 'tcp' } })
    expect(byId.get('c8')!.access.password).toBe('neu')
    expect(byId.get('c9')!.access.password).toBe('geheim-1')
  })

  test('a password never stays for another user', async () => {
    await put(bytes('id,username\nc10,other'))
    expect((await stored()).find(({ cameraId }) => cameraId === 'c10')!.access).toMatchObject({ username: 'other', password: '' })
  })

  test('a station may be renamed, and a new one needs a name', async () => {
    expect(await put(bytes('id,station,stationName\nc1,P1,新名派出所'))).toMatchObject({ changed: 0, stationsRenamed: ['1号派出所 → 新名派出所'] })
    expect(await put(bytes('id,station\nc1,P99'))).toMatchObject({ problems: [{ row: 2, column: '派出所编号' }] })
  })
})
