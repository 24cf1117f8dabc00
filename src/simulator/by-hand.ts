/** What people do to a cluster behind a tool's back, in the portal or with a screwdriver. */
export {};
