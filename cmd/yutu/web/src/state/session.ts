import { reactive } from 'vue'
import { ServiceError } from '../api/client'
import { setWriteToken } from '../api/events'

export interface Role {
  role: string
  scope: string
  scope_name: string
}

interface SessionAnswer {
  user: { name: string; display_name: string; roles: Role[] } | null
  csrf: string
  can: string[]
}

/** Who is at work, as the service knows it. Before the first answer nobody may do anything. */
export const session = reactive<{ state: 'loading' | 'ready' | 'failed'; user: SessionAnswer['user']; can: string[] }>({ state: 'loading', user: null, can: [] })
let token = ''

export function can(permission: string): boolean {
  return session.can.includes(permission)
}

function take(a: SessionAnswer): void {
  token = a.csrf
  setWriteToken(token)
  Object.assign(session, { state: 'ready', user: a.user, can: a.can })
}

async function call(init: RequestInit): Promise<Response> {
  let res: Response
  try {
    res = await fetch('/api/v1/session', { ...init, headers: { Accept: 'application/json', ...(token ? { 'X-CSRF-Token': token } : {}), ...init.headers } })
  } catch {
    throw new ServiceError(0, '', '')
  }
  if (!res.ok) {
    const p = (await res.json().catch(() => ({}))) as { title?: string; detail?: string }
    throw new ServiceError(res.status, p.title ?? '', p.detail ?? '')
  }
  return res
}

export async function loadSession(): Promise<void> {
  try {
    take((await (await call({})).json()) as SessionAnswer)
  } catch {
    session.state = 'failed'
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  take((await (await call({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password }) })).json()) as SessionAnswer)
}

export async function signOut(): Promise<void> {
  await call({ method: 'DELETE' })
  await loadSession()
}
