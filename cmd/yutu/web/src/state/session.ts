import { reactive } from 'vue'
import { call, send, setWriteToken } from '../api/client'

export const ROLES = ['viewer', 'inspector', 'reviewer', 'planner', 'editor', 'admin'] as const
export type RoleName = (typeof ROLES)[number]

export interface Role {
  role: RoleName
  /** Code of the division in which the role holds, with everything below; EVERYWHERE for all. */
  scope: string
  scope_name: string
}
export const EVERYWHERE = '000000000000'

export interface User {
  name: string
  display_name: string
  roles: Role[]
  /** The password was made by somebody else and waits to be changed. */
  temporary: boolean
  synthetic: boolean
}

export interface Demonstration {
  password: string
  accounts: { name: string; display_name: string }[]
}

interface SessionAnswer {
  user: User | null
  csrf: string
  can: string[]
  read_only: boolean
  demonstration: Demonstration | null
}

/** Who is at work, as the service knows it. Before the first answer nobody may do anything. */
export const session = reactive<{
  state: 'loading' | 'ready' | 'failed'
  user: User | null
  can: string[]
  readOnly: boolean
  demonstration: Demonstration | null
  /** The sign-in sheet is open. */
  asking: boolean
}>({ state: 'loading', user: null, can: [], readOnly: false, demonstration: null, asking: false })

/** Whether the user may do it in some division at least; the service checks in which. */
export function can(permission: string): boolean {
  return session.can.includes(permission)
}

/** Opens the sign-in sheet. */
export function askSignIn(): void {
  session.asking = true
}

function take(a: SessionAnswer): void {
  setWriteToken(a.csrf)
  Object.assign(session, { state: 'ready', user: a.user, can: a.can, readOnly: a.read_only, demonstration: a.demonstration })
}

/** Asks who is signed in. While the service cannot tell, nobody is, and reading goes on. */
export async function loadSession(): Promise<void> {
  try {
    take((await (await call('/api/v1/session')).json()) as SessionAnswer)
  } catch {
    setWriteToken('')
    Object.assign(session, { state: 'failed', user: null, can: [] })
  }
}

/** Throws a ServiceError that says why not. */
export async function signIn(name: string, password: string): Promise<void> {
  take(await send<SessionAnswer>('POST', '/api/v1/session', { name, password }))
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/api/v1/session')
  await loadSession()
}

export async function changePassword(password: string, fresh: string): Promise<void> {
  take(await send<SessionAnswer>('PATCH', '/api/v1/session', { password, new_password: fresh }))
}
