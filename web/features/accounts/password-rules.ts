/** The rules of a new password, for showing while it is typed. The server checks them again and has the last word. */

export type PasswordRule = 'length' | 'kinds' | 'account' | 'different' | 'repeat'

export type PasswordCheck = { password: string; repeated: string; account: string; oldPassword?: string }

const minLength = 12
const kinds = [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u]

/** Each rule and whether it is met; `different` only where there is an old password. */
export function checkPassword({ password, repeated, account, oldPassword }: PasswordCheck): { rule: PasswordRule; isMet: boolean }[] {
  const rules: { rule: PasswordRule; isMet: boolean }[] = [
    { rule: 'length', isMet: password.length >= minLength },
    { rule: 'kinds', isMet: kinds.filter((kind) => kind.test(password)).length >= 3 },
    { rule: 'account', isMet: password !== '' && (account.trim() === '' || !password.toLowerCase().includes(account.trim().toLowerCase())) },
  ]
  if (oldPassword !== undefined) rules.push({ rule: 'different', isMet: password !== '' && password !== oldPassword })
  rules.push({ rule: 'repeat', isMet: password !== '' && password === repeated })
  return rules
}
