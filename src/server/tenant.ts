// The one tenant of a gateway without tenants configured.

export const LOCAL_TENANT = "local";
