import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestGate, PASSWORD, type TestGate } from '../../support/gate.ts'

let gate: TestGate
beforeAll(async () => {
  gate = await openTestGate({ stationOfCamera: { c1: 's1' } })
})
afterAll(() => gate.close())

const post = (path: string, body: object, cookie = '') => gate.agent.post(path).set('Origin', gate.origin).set('Cookie', cookie).send(body)

describe('R-SEC-2 signing in', () => {
  test('gives an opaque cookie and says who I am', async () => {
    const { account } = await gate.createUser('dutyOfficer', ['s1'])
    const answer = await post('/api/login', { account, password: PASSWORD })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ account, role: 'dutyOfficer', stationIds: ['s1'], lastLogin: null, mustChangePassword: false })
    expect(answer.headers['set-cookie']![0]).toMatch(/^mapwall=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(JSON.stringify(answer.body)).not.toContain('plain:')
    const me = await gate.agent.get('/api/me').set('Cookie', answer.headers['set-cookie']![0]!.split(';')[0]!)
    expect(me.body).toEqual(answer.body)
  })
})
