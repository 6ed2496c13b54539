/** Who is signed in at this screen, and the way in and out. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { accountApi, type Login, type Me, type Setup } from '../../../server/contract/accounts.ts'
import type { Out } from '../../../server/contract/endpoint.ts'
import type { Permission } from '../../../server/contract/permissions.ts'
import { ApiError, call, setSignedOutHandler } from '../../base/api.ts'
import { setPreferenceAccount, usePreference } from '../../base/preference.ts'
import { noteServerTime } from '../../base/server-clock.ts'

export type Welcome = Out<typeof accountApi.welcome.reply>
/** Why the login page is shown again. */
export type SignedOutReason = 'signed_out' | 'expired' | 'revoked'

export const useAccountStore = defineStore('accounts', () => {
  const me = shallowRef<Me | null>(null)
  const welcome = shallowRef<Welcome | null>(null)
  const signedOutReason = shallowRef<SignedOutReason | null>(null)
  /** The last login is told once, right after this one. */
  const isJustSignedIn = shallowRef(false)

  /** Somebody was signed in at this screen: without it the server need not be asked (its 401 would stand in the console of every first visit). */
  const wasSignedIn = usePreference<boolean>(
    'signedIn',
    () => false,
    (value) => typeof value === 'boolean',
  )

  setSignedOutHandler(() => onLoginEnded('expired'))

  /** Asks who is signed in. False when nobody is; throws when the server cannot be asked. */
  async function loadMe(): Promise<boolean> {
    if (me.value !== null) return true
    if (!wasSignedIn.value.value) return false
    try {
      take(await call(accountApi.me))
      return true
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'not_signed_in') throw error
      wasSignedIn.set(false)
      return false
    }
  }

  async function loadWelcome(): Promise<Welcome> {
    const fetched = await call(accountApi.welcome)
    noteServerTime(fetched.serverAt)
    welcome.value = fetched
    return fetched
  }

  /** Makes the three administrators of a fresh system. */
  async function setUp(setup: Setup): Promise<void> {
    await call(accountApi.setup, { body: setup })
    await loadWelcome()
  }

  async function signIn(login: Login): Promise<void> {
    take(await call(accountApi.login, { body: login }))
    isJustSignedIn.value = true
  }

  async function signOut(): Promise<void> {
    await call(accountApi.logout)
    onLoginEnded('signed_out')
  }

  async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
    take(await call(accountApi.changePassword, { body: { oldPassword, newPassword } }))
  }

  /** After a line that would not open: is it the login? The answer comes through the 401 handler. */
  async function confirmLogin(): Promise<void> {
    if (me.value === null) return
    await call(accountApi.me).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error
    })
  }

  function onLoginEnded(reason: SignedOutReason): void {
    if (me.value === null) return
    signedOutReason.value = reason
    me.value = null
    wasSignedIn.set(false)
    setPreferenceAccount('')
  }

  function can(permission: Permission): boolean {
    return me.value?.permissions.includes(permission) ?? false
  }

  function take(next: Me): void {
    me.value = next
    signedOutReason.value = null
    setPreferenceAccount(next.account)
    wasSignedIn.set(true)
  }

  return { me, welcome, signedOutReason, isJustSignedIn, loadMe, loadWelcome, setUp, signIn, signOut, changePassword, confirmLogin, onLoginEnded, can }
})
