import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAuditRepeats } from '../../server/base/audit-repeats.ts'
import { createEvents } from '../../server/base/events.ts'
import { createLog, createMeter, hideUrlSecrets, silentLog } from '../../server/base/log.ts'
import { createRateLimit } from '../../server/base/rate-limit.ts'
import { createMatcher, queryObject, splitTarget } from '../../server/base/route-match.ts'
import { createSecrets, openSecrets } from '../../server/base/secrets.ts'
import { parseRange } from '../../server/base/static-files.ts'
import type { AuditEntry } from '../../server/base/routes.ts'
import { createFakeClock } from '../support/fake-clock.ts'

describe('log', () => {
  const write = (fields: Record<string, unknown>, message = 'x') => {
    const lines: string[] = []
    createLog({ level: 'debug', process: 'test', destination: { write: (line) => void lines.push(line) } }).info(fields, message)
    return lines.join('')
  }
  test.each([
    { name: 'a password', fields: { password: 'S3CRET' } },
    { name: 'a password one level down', fields: { body: { password: 'S3CRET' } } },
    { name: 'a cookie two levels down', fields: { request: { headers: { cookie: 'S3CRET' } } } },
    { name: 'a password far down, and in a list', fields: { a: { b: { c: [{ d: { password: 'S3CRET' } }] } } } },
    { name: 'a header whatever its letters', fields: { headers: { Authorization: 'S3CRET' } } },
    { name: 'a password beside an exception', fields: { problem: Object.assign(new Error('rtsp://a:S3CRET@h/'), { config: { password: 'S3CRET' } }) } },
    { name: 'a URL', fields: { address: 'rtsp://admin:S3CRET@10.0.0.1:554/main' } },
    { name: 'a URL whose password has an @', fields: { address: 'rtsp://admin:p@S3CRET@10.0.0.1/main' } },
    { name: 'a URL with a query', fields: { address: 'http://10.0.0.1/video?user=a&pwd=S3CRET' } },
    { name: 'a URL in an array', fields: { addresses: ['rtsp://a:S3CRET@h/'] } },
    { name: 'a URL in an exception', fields: { problem: new Error('cannot open rtsp://a:S3CRET@h/x') } },
    { name: 'a URL in the cause of an exception', fields: { problem: new Error('no', { cause: new Error('rtsp://a:S3CRET@h/x') }) } },
  ])('hides $name', ({ fields }) => {
    const line = write(fields)
    expect(line).not.toContain('S3CRET')
    expect(line).toContain('***')
  })
  test('goes only so deep, and round no circle', () => {
    const circle: Record<string, unknown> = { password: 'S3CRET' }
    circle['self'] = circle
    expect(write({ circle })).not.toContain('S3CRET')
    expect(write({ circle })).toContain('…')
  })
  test('hides it in what a child carries', () => {
    const lines: string[] = []
    const log = createLog({ level: 'debug', process: 'test', destination: { write: (line) => void lines.push(line) } })
    log.child({ camera: { password: 'S3CRET', url: 'rtsp://a:S3CRET@h/' } }).info('x')
    expect(lines.join('')).toContain('***')
    expect(lines.join('')).not.toContain('S3CRET')
  })
  test('hides a URL in the message', () => expect(write({}, 'open rtsp://a:S3CRET@h/x failed')).not.toContain('S3CRET'))
  test('keeps what a person needs of a URL', () => expect(hideUrlSecrets('rtsp://admin:x@10.0.0.1:554/main?a=1')).toBe('rtsp://***@10.0.0.1:554/main?***'))
  test('a line from outside stays one line', () => expect(write({ account: 'a\n{"level":"error"}' }).trim().split('\n')).toHaveLength(1))
  test('meter lets one line a second through and counts the rest', () => {
    const clock = createFakeClock()
    const meter = createMeter(clock)
    const written: number[] = []
    for (let i = 0; i < 100; i++) meter('same', (leftOut) => written.push(leftOut))
    meter('other', (leftOut) => written.push(leftOut))
    clock.advance(1_000)
    meter('same', (leftOut) => written.push(leftOut))
    expect(written).toEqual([0, 0, 99])
  })
})

describe('events', () => {
  test('a listener that throws does not keep the others from hearing', () => {
    const events = createEvents<{ done: { id: number } }>(silentLog)
    const heard: number[] = []
    events.on('done', () => {
      throw new Error('mine')
    })
    const off = events.on('done', ({ id }) => void heard.push(id))
    events.emit('done', { id: 1 })
    off()
    events.emit('done', { id: 2 })
    expect(heard).toEqual([1])
  })
})

describe('R-SEC-5 secrets at rest', () => {
  const secrets = createSecrets(Buffer.alloc(32, 1))
  test('opens what it sealed, whatever the text', () =>
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => secrets.open(secrets.seal(text, 'camera 1'), 'camera 1') === text)))
  test('never seals the same text the same way twice', () => expect(secrets.seal('a', 'p')).not.toBe(secrets.seal('a', 'p')))
  test('refuses another purpose, another key, and any changed byte', () => {
    const sealed = secrets.seal('password', 'camera 1')
    expect(() => secrets.open(sealed, 'camera 2')).toThrow()
    expect(() => createSecrets(Buffer.alloc(32, 2)).open(sealed, 'camera 1')).toThrow()
    const bytes = Buffer.from(sealed.slice(3), 'base64')
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= 1
      expect(() => secrets.open(`v1.${changed.toString('base64')}`, 'camera 1')).toThrow()
    }
    for (let length = 0; length < bytes.length; length++) expect(() => secrets.open(`v1.${bytes.subarray(0, length).toString('base64')}`, 'camera 1')).toThrow()
  })
  test('the key file is made once, for its owner only, and a damaged one is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapwall-secrets-'))
    try {
      const [one, two] = await Promise.all([openSecrets(folder), openSecrets(folder)])
      expect(two.open(one.seal('x', 'p'), 'p')).toBe('x')
      expect((await openSecrets(folder)).open(one.seal('x', 'p'), 'p')).toBe('x')
      expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
      expect(readFileSync(join(folder, 'secret.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
      writeFileSync(join(folder, 'secret.key'), 'short')
      await expect(openSecrets(folder)).rejects.toThrow(/secret\.key is damaged/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('rate limit', () => {
  test('gives the burst, then so many a second, and says how long to wait', () => {
    const clock = createFakeClock()
    const limit = createRateLimit({ clock, perSecond: 2, burst: 3 })
    expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0])
    expect(limit.take('a')).toBe(500)
    expect(limit.take('b')).toBe(0)
    clock.advance(500)
    expect(limit.take('a')).toBe(0)
    expect(limit.take('a')).toBeGreaterThan(0)
    clock.stepWall(3_600_000)
    expect(limit.take('a')).toBeGreaterThan(0)
  })
  test('holds no more keys than it may', () => {
    const clock = createFakeClock()
    const limit = createRateLimit({ clock, perSecond: 1, burst: 1, maxKeys: 10 })
    for (let i = 0; i < 1_000; i++) limit.take(`key ${i}`)
    expect(limit.take('key 999')).toBeGreaterThan(0)
    expect(limit.take('key 0')).toBe(0)
  })
})

describe('R-SEC-3 audit records of what is asked for many times a second', () => {
  const PERIOD_MS = 600_000
  const entryOf = (change: Partial<AuditEntry> = {}) => ({ name: 'camera.recorded_still', loginId: 'l1', cameraId: 'a', ...change }) as AuditEntry
  function open(maxKeys?: number) {
    const clock = createFakeClock()
    const written: AuditEntry[] = []
    let isBroken = false
    const record = createAuditRepeats({
      clock,
      recordAudit: async (entry) => (isBroken ? Promise.reject(new Error('the database is away')) : void written.push(entry)),
      ...(maxKeys === undefined ? {} : { maxKeys }),
    })
    return { clock, written, record, break: (next: boolean) => (isBroken = next) }
  }

  test('one speaks for a login and camera for ten minutes, and a clock that was set changes nothing', async () => {
    const { clock, written, record } = open()
    for (let i = 0; i < 100; i++) await record(entryOf(), PERIOD_MS)
    expect(written).toHaveLength(1)
    clock.stepWall(-86_400_000)
    clock.advance(PERIOD_MS - 1)
    await record(entryOf(), PERIOD_MS)
    expect(written).toHaveLength(1)
    clock.advance(1)
    await record(entryOf(), PERIOD_MS)
    expect(written).toHaveLength(2)
  })
  test('another camera, another login and another name have their own', async () => {
    const { written, record } = open()
    for (const change of [{}, { cameraId: 'b' }, { loginId: 'l2' }, { name: 'other' }]) await record(entryOf(change as Partial<AuditEntry>), PERIOD_MS)
    expect(written).toHaveLength(4)
  })
  test('while it cannot be written everybody is refused, those too who came meanwhile; then it is tried anew', async () => {
    const { written, record, break: setBroken } = open()
    setBroken(true)
    const asked = await Promise.allSettled([record(entryOf(), PERIOD_MS), record(entryOf(), PERIOD_MS)])
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(record(entryOf(), PERIOD_MS)).rejects.toThrow('away')
    setBroken(false)
    await record(entryOf(), PERIOD_MS)
    expect(written).toHaveLength(1)
  })
  test('holds no more than it may; one that is forgotten is written once more', async () => {
    const { written, record } = open(10)
    for (let i = 0; i < 11; i++) await record(entryOf({ loginId: `l${i}` }), PERIOD_MS)
    await record(entryOf({ loginId: 'l10' }), PERIOD_MS)
    expect(written).toHaveLength(11)
    await record(entryOf({ loginId: 'l0' }), PERIOD_MS)
    expect(written).toHaveLength(12)
  })
})

describe('route matching', () => {
  const match = createMatcher([
    { method: 'GET', path: '/api/a/:id' },
    { method: 'GET', path: '/api/a/fixed' },
    { method: 'POST', path: '/api/a/:id' },
  ])
  test('finds fixed segments before parameters', () => {
    expect(match('GET', '/api/a/fixed')?.route.path).toBe('/api/a/fixed')
    expect(match('GET', '/api/a/other')).toMatchObject({ route: { path: '/api/a/:id' }, params: { id: 'other' } })
  })
  test('two routes for the same request do not start', () =>
    expect(() =>
      createMatcher([
        { method: 'GET', path: '/api/:a' },
        { method: 'GET', path: '/api/:b' },
      ]),
    ).toThrow(/the same/))
  test('only plain segments ever match', () =>
    fc.assert(
      fc.property(fc.string(), (tail) => {
        const found = match('GET', `/api/a/${tail}`)
        return (found !== undefined) === /^[A-Za-z0-9_-]{1,64}$/.test(tail)
      }),
    ))
  test('a name given twice is an array, a prototype is nothing', () => {
    const query = queryObject(splitTarget('/x?a=1&a=2&__proto__=3&b=%20').query)
    expect(query).toEqual({ a: ['1', '2'], b: ' ' })
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype)
  })
})

describe('byte ranges, RFC 9110 §14.1.2', () => {
  test.each([
    { header: undefined, expected: undefined },
    { header: 'bytes=0-', expected: { from: 0, to: 100 } },
    { header: 'bytes=10-19', expected: { from: 10, to: 20 } },
    { header: 'bytes=90-999', expected: { from: 90, to: 100 } },
    { header: 'bytes=-10', expected: { from: 90, to: 100 } },
    { header: 'bytes=-999', expected: { from: 0, to: 100 } },
    { header: 'bytes=100-', expected: 'unsatisfiable' },
    { header: 'bytes=20-10', expected: 'unsatisfiable' },
    { header: 'bytes=-', expected: undefined },
    { header: 'bytes=0-1,5-6', expected: undefined },
    { header: 'items=0-1', expected: undefined },
  ])('$header', ({ header, expected }) => expect(parseRange(header, 100)).toEqual(expected))
})

describe('the fake clock', () => {
  test('runs timers in the order they fall due and stands at their time', () => {
    const clock = createFakeClock(1_000)
    const seen: string[] = []
    clock.after(30, () => seen.push(`b ${clock.now()}`))
    clock.after(10, () => clock.after(5, () => seen.push(`a ${clock.now()}`)))
    const every = clock.every(20, () => seen.push(`e ${clock.now()}`))
    clock.advance(45)
    every.cancel()
    expect(seen).toEqual(['a 1015', 'e 1020', 'b 1030', 'e 1040'])
    expect(clock.now()).toBe(1_045)
    expect(clock.pendingTimers()).toBe(0)
  })
  test('a sleep ends with its time or with its signal', async () => {
    const clock = createFakeClock()
    const stop = new AbortController()
    const slept = clock.sleep(10)
    const stopped = clock.sleep(10, stop.signal)
    stop.abort(new Error('stop'))
    await expect(stopped).rejects.toThrow('stop')
    clock.advance(10)
    await slept
    expect(clock.pendingTimers()).toBe(0)
  })
})
