import { call, send } from './client'
import type { RoleName, User } from '../state/session'

export interface Account extends User {
  disabled: boolean
  made_at: string
  signed_in_at: string | null
  /** The password that was just made, shown this once. */
  password?: string
  /** Whoever asks may change it. */
  manageable: boolean
}

export interface GrantAsk {
  role: RoleName
  scope: string
}

export interface AccountChange {
  display_name?: string
  disabled?: boolean
  reset_password?: boolean
  grant?: GrantAsk[]
  revoke?: GrantAsk[]
}

export const accounts = {
  list: async () => ((await (await call('/api/v1/users')).json()) as { users: Account[] }).users,
  add: (a: { name: string; display_name: string; roles: GrantAsk[] }) => send<Account>('POST', '/api/v1/users', a),
  change: (name: string, c: AccountChange) => send<Account>('PATCH', `/api/v1/users/${encodeURIComponent(name)}`, c),
}
