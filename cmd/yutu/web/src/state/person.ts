import { t, type TextKey } from '../i18n'
import { ROLES, type User } from './session'

/** What to call somebody: the person's name; a demonstration account, which is nobody, goes by its role. */
export function personName(u: Pick<User, 'name' | 'display_name' | 'synthetic'>): string {
  return u.synthetic && ROLES.some((r) => r === u.name) ? t(`role.${u.name}` as TextKey) : u.display_name
}
