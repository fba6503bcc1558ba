// What the browser keeps for services, as the configuration names it, for the module that deletes it.

const cookies_of = key => (host.config.cookies[key] || []).join('\n');
const page_address = () => location.origin + location.pathname;

// `local:NAME`, `session:NAME` or `indexeddb:NAME`, with one `*` at most for any text. What is ours stays. A
// database that a script holds open goes once the page does; a browser that does not say which there are
// is asked for the very name.
const clear_storage = key =>
  host.config.storage?.[key]?.forEach(
    quiet(entry => {
      const [, kind, start, any, end] = /^(\w+):([^*]*)(\*?)(.*)$/.exec(entry);
      const goes = name => !/^ashiato_/.test(name) && (any ? name.length >= (start + end).length && name.startsWith(start) && name.endsWith(end) : name == start);
      if (kind == 'indexeddb') {
        const drop = name => goes(name) && indexedDB.deleteDatabase(name);
        if (any) indexedDB.databases().then(all => all.forEach(({ name }) => drop(name))).catch(() => {});
        else drop(start);
      } else {
        const storage = self[kind + 'Storage'];
        Object.keys(storage).filter(goes).forEach(name => storage.removeItem(name));
      }
    }),
  );

