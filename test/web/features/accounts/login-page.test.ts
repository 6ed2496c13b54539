import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { installMessages } from '../../../../web/base/i18n.ts'
import LoginPage from '../../../../web/features/accounts/LoginPage.vue'
import { useLanding } from '../../../../web/features/shell/landing.ts'
import { messages } from '../../../../web/messages.ts'

const me = {
  userId: 'u1',
  account: 'duty',
  displayName: 'D-017',
  role: 'dutyOfficer',
  permissions: ['camera.see'],
  stationIds: null,
  lastLogin: null,
  sessionEndsAt: 1,
  mustChangePassword: false,
}
let loginAnswer: () => Response
let isAway: boolean

beforeAll(() => installMessages(messages))
beforeEach(() => {
  isAway = false
  vi.stubGlobal('fetch', async (url: string) => {
    if (isAway) throw new TypeError('Failed to fetch')
    if (url === '/api/welcome') return Response.json({ unitName: '演示分局', isDemo: true, needsSetup: false, version: '1.0.0', serverAt: 1, cameraCount: 468 })
    if (url === '/api/login') return loginAnswer()
    return new Response('', { status: 404 })
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  localStorage.clear()
})

async function open(address = '/login') {
  const page = { template: '<p />' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/login', name: 'login', component: page },
      { path: '/map', name: 'map', component: page },
      { path: '/duty', name: 'duty', component: page },
      { path: '/setup', name: 'setup', component: page },
    ],
  })
  await router.push(address)
  const wrapper = mount(LoginPage, { global: { plugins: [createPinia(), router] }, attachTo: document.body })
  await flushPromises()
  return { wrapper, router }
}

async function signIn(wrapper: Awaited<ReturnType<typeof open>>['wrapper'], account: string, password: string) {
  await wrapper.get('#account').setValue(account)
  await wrapper.get('#password').setValue(password)
  await wrapper.get('form').trigger('submit')
  await flushPromises()
}
const problem = (wrapper: Awaited<ReturnType<typeof open>>['wrapper']) => wrapper.get('.problem').text()

describe('R-SEC-2 the login page', () => {
  test('says who it belongs to and that it is a demo', async () => {
    const { wrapper } = await open()
    expect(wrapper.text()).toContain('演示分局')
    expect(wrapper.text()).toContain('468 路')
    expect(wrapper.text()).toContain('演示数据')
    wrapper.unmount()
  })

  test('a wrong account and a wrong password sound the same', async () => {
    loginAnswer = () => Response.json({ code: 'login_failed', detail: '', requestId: 'r' }, { status: 401 })
    const { wrapper } = await open()
    await signIn(wrapper, 'duty', 'wrong')
    expect(problem(wrapper)).toBe('账号或密码不对')
    wrapper.unmount()
  })

  test('a lock counts down and lets try again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    loginAnswer = () => Response.json({ code: 'locked_out', detail: '', requestId: 'r', retryAfterMs: 61_000 }, { status: 429 })
    const { wrapper } = await open()
    await signIn(wrapper, 'duty', 'wrong')
    expect(problem(wrapper)).toBe('连错过多，账号锁定 1分1秒')
    expect(wrapper.get('.submit').attributes('disabled')).toBeDefined()
    vi.advanceTimersByTime(30_000)
    await flushPromises()
    expect(problem(wrapper)).toBe('连错过多，账号锁定 31秒')
    vi.advanceTimersByTime(31_000)
    await flushPromises()
    expect(problem(wrapper)).toBe('')
    expect(wrapper.get('.submit').attributes('disabled')).toBeUndefined()
    wrapper.unmount()
  })

  test('a server that is away is said, in the form and at the foot', async () => {
    const { wrapper } = await open()
    isAway = true
    await signIn(wrapper, 'duty', 'right')
    expect(problem(wrapper)).toBe('连不上服务器，正在重试')
    wrapper.unmount()
  })

  test.each([
    { back: '/map?camera=c1', goes: '/map?camera=c1' },
    { back: '//evil.example/x', goes: '/map' },
    { back: '/\\evil.example', goes: '/map' },
    { back: 'https://evil.example', goes: '/map' },
  ])('after signing in it returns to $goes', async ({ back, goes }) => {
    loginAnswer = () => Response.json(me)
    const { wrapper, router } = await open(`/login?return=${encodeURIComponent(back)}`)
    await signIn(wrapper, 'duty', 'right')
    expect(router.currentRoute.value.fullPath).toBe(goes)
    wrapper.unmount()
  })

  test('a screen that was given the overview opens it', async () => {
    useLanding().setLanding('duty')
    loginAnswer = () => Response.json(me)
    const { wrapper, router } = await open()
    await signIn(wrapper, 'duty', 'right')
    expect(router.currentRoute.value.fullPath).toBe('/duty')
    useLanding().setLanding('map')
    wrapper.unmount()
  })

  test('an empty field is named before anything is sent', async () => {
    const { wrapper } = await open()
    await signIn(wrapper, 'duty', '')
    expect(problem(wrapper)).toBe('密码未填')
    wrapper.unmount()
  })
})
