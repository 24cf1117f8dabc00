import { csrfOf, may, ticketOf } from '../access.ts';
import { ApiError, failed, forbidden } from '../api-error.ts';
import { type Handler, param, reply } from './context.ts';

/** Roots' own reading of tokens, roles and entries; and logging in. */

export const login: Handler = (ctx) => {
  const user = param(ctx, 'username');
  const account = ctx.world.access.users[user];
  if (account?.password === undefined || account.password !== param(ctx, 'password')) {
    throw new ApiError(401, 'authentication failure', { afterMs: ctx.world.authDelayMs });
  }
  return reply({
    username: user,
    ticket: ticketOf(user),
    CSRFPreventionToken: csrfOf(user),
    cap: {},
  });
};

export const roles: Handler = ({ world }) =>
  reply(
    Object.entries(world.access.roles).map(([roleid, privileges]) => ({
      roleid,
      privs: privileges.join(','),
      special:
        roleid.startsWith('PVE') || roleid === 'Administrator' || roleid === 'NoAccess' ? 1 : 0,
    })),
  );

export const entries: Handler = (ctx) => {
  const { world, caller } = ctx;
  const all =
    may(world, caller, '/access', 'Sys.Audit') ||
    may(world, caller, '/access', 'Permissions.Modify');
  return reply(
    (all ? world.access.acls : []).map((acl) => ({
      path: acl.path,
      ugid: acl.who,
      roleid: acl.role,
      propagate: acl.propagate ? 1 : 0,
      type: acl.who.includes('!') ? 'token' : 'user',
    })),
  );
};

export const users: Handler = ({ world, caller }) =>
  reply(
    Object.entries(world.access.users)
      .filter(
        ([userid]) => userid === caller.user || may(world, caller, '/access/groups', 'Sys.Audit'),
      )
      .map(([userid, user]) => ({
        userid,
        enable: user.enabled ? 1 : 0,
        expire: user.expire,
        'realm-type': userid.endsWith('@pam') ? 'pam' : 'pve',
      })),
  );

export const token: Handler = (ctx) => {
  const { world, caller } = ctx;
  const user = param(ctx, 'userid');
  if (caller.auth !== user && !may(world, caller, '/access/groups', 'User.Modify')) {
    throw forbidden(`/access/users, User.Modify`);
  }
  const found = world.access.tokens[`${user}!${param(ctx, 'tokenid')}`];
  if (found === undefined)
    throw failed(`no such token '${param(ctx, 'tokenid')}' for user '${user}'`);
  return reply({ expire: found.expire, privsep: found.privsep ? 1 : 0 });
};
