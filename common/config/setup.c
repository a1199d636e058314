#include "common/config/setup.h"

#include "common/config/alloc.h"
#include "common/config/identity.h"
#include "common/config/places.h"
#include "common/config/units.h"
#include "common/config/uri.h"
#include "common/system/directory.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"
#include "common/system/own_address.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one side has. */
struct side {
	const char *file, *key;
	const char *drops[3];       /* directories for files of the other side; NULL ends them */
	const char *before, *after; /* what the configuration says before and after the lines that depend on the host */
};

static const struct side client = {
	.file = "floatprobe.yaml",
	.key = "key",
	.drops = { "servers.d", "targets.d" },
	.before = "# floatprobe probes floating IP addresses from this host, as an ordinary user.\n"
		  "# floatprobe.yaml(5) describes every key. Durations need a unit: 200ms, 1s, 5m.\n"
		  "#\n"
		  "#   floatprobe config      checks this file and prints what it means\n"
		  "#   floatprobe check       probes everything once\n"
		  "#   floatprobe run         is the daemon; SIGHUP reads all files again\n"
		  "\n",
	.after =
	    "key: key                  # this host's secret key; give it to nobody\n"
	    "\n"
	    "# The servers that may answer. Each server prints its line, a URI (floatprobed --init, or later\n"
	    "# floatprobe pubkey --uri ADDRESS). Put it into a file of this directory, as servers.d/boot-01.yaml.\n"
	    "# It names the server and makes a target of its address.\n"
	    "servers_from: servers.d\n"
	    "\n"
	    "# When `floatprobe run` probes. These are the defaults.\n"
	    "schedules:\n"
	    "  steady: { every: 1s, jitter: 10%, timeout: 1s }\n"
	    "\n"
	    "# What to probe beside the addresses of those URIs: the floating address, which one of several servers "
	    "has.\n"
	    "targets_from: targets.d   # more targets, in files of this directory\n"
	    "# targets:\n"
	    "#   - name: bootnode\n"
	    "#     role: floating                  # droplet | floating | anchor\n"
	    "#     address: 203.0.113.7            # or a DNS name\n"
	    "#     server: [ boot-01, boot-02 ]    # who may answer there\n"
	    "#     schedule: [ steady ]\n"
	    "#     unpinned: true                  # does an application that does not pin its source address work?\n"
	    "\n"
	    "# journal: /var/lib/floatprobe/floatprobe.jsonl    # results of `floatprobe run`; default: standard "
	    "output\n"
	    "# web: 127.0.0.1:8622    # its status page for a browser, and /metrics for Prometheus; default: none\n",
};

static const struct side server = {
	.file = SETUP_SERVER_FILE,
	.key = SETUP_SERVER_KEY,
	.drops = { "clients.d" },
	.before =
	    "# floatprobed answers signed probes from the address on which they arrive. It runs beside the service.\n"
	    "# floatprobed.yaml(5) describes every key. Durations need a unit: 200ms, 1s, 5m.\n"
	    "#\n"
	    "#   floatprobed --check-config    checks this file and prints what it means\n"
	    "#   floatprobed                   is the daemon; SIGHUP reads the clients and peers again\n"
	    "\n",
	.after =
	    "key: floatprobed.key      # this host's secret key; give it to nobody\n"
	    "\n"
	    "# Who may probe. Each client prints its line, NAME: ed25519:KEY (floatprobe init). Put it into a file of\n"
	    "# this directory, as clients.d/fra-home.yaml.\n"
	    "clients_from: clients.d\n"
	    "\n"
	    "# Other servers for which this one is a witness: it asks them for clients that cannot reach them.\n"
	    "# peers:\n"
	    "#   boot-02: { key: ed25519:KEY, address: 198.51.100.6 }\n"
	    "\n"
	    "# What is watched. These are the defaults; frames and claims need CAP_NET_RAW.\n"
	    "watch:\n"
	    "  half_open: true         # tell a lost SYN from a lost SYN-ACK\n"
	    "  neighbours: true        # is the neighbour entry for a client right?\n"
	    "  addresses: true         # does another machine claim an address of this host?\n"
	    "#   applications: [ { name: geth, protocol: udp, port: 30303 } ]\n"
	    "\n"
	    "# Delete a neighbour entry that is proven wrong, and no other (CAP_NET_ADMIN).\n"
	    "repair: { stale_neighbours: false }\n"
	    "\n"
	    "# journal: /var/lib/floatprobed/floatprobed.jsonl   # events, one JSON object a line; default: none\n"
	    "# web: 127.0.0.1:8621    # a status page for a browser, and /metrics for Prometheus; default: none\n",
};

/* ---- files ---- */

/* The directory of a setup; the caller frees it. NULL: logged. */
static char *find_dir(const struct setup *setup)
{
	char *dir = setup->dir ? alloc_text(setup->dir) : places_new();

	if (!dir)
		log_error("no directory for new files: neither XDG_CONFIG_HOME nor HOME is set; give one with -o DIR");
	return dir;
}

/* What root makes is read by the user of the daemon, whatever root's umask is: nothing in it is secret. Only the user
 * needs to look into a directory in their home. */
static bool make_dir(const char *dir)
{
	char *path = alloc_text(dir);
	bool ok = directory_make(path, geteuid() == 0 ? 0755 : 0700);

	if (!ok)
		log_error("cannot make the directory %s: %s", path, strerror(errno));
	free(path);
	return ok;
}

static bool is_free(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

/* In a directory that this user may not search it is not known what exists. */
static bool can_be_seen(const char *path)
{
	struct stat st;
	bool ok = lstat(path, &st) == 0 || errno == ENOENT;

	if (!ok)
		log_error("cannot write %s: %s", path, strerror(errno));
	return ok;
}

/* Name everything that is in the way. */
static bool nothing_exists(const char *file, const char *key)
{
	bool file_free = is_free(file), key_free = is_free(key);

	if (!file_free || !key_free)
		log_error("%s%s%s already exist%s, and nothing is ever overwritten; move %s away, or write to another "
			  "directory with -o DIR",
			  file_free ? "" : file, file_free || key_free ? "" : " and ", key_free ? "" : key,
			  file_free || key_free ? "s" : "", file_free || key_free ? "it" : "them");
	return file_free && key_free;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	size_t len = strlen(text);
	bool ok;

	if (fd < 0) {
		log_error("cannot create %s: %s", path, strerror(errno));
		return false;
	}
	ok = (geteuid() != 0 || fchmod(fd, 0644) == 0) && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok) {
		log_error("cannot write %s: %s", path, strerror(errno ? errno : ENOSPC));
		unlink(path);
	}
	return ok;
}

static bool make_drops(const struct side *side, const char *dir)
{
	bool ok = true;

	for (size_t i = 0; ok && side->drops[i]; i++) {
		char *path = alloc_format("%s/%s", dir, side->drops[i]);
		ok = make_dir(path);
		free(path);
	}
	return ok;
}

/* Make the files of one side in dir. text: the configuration. */
static bool make_files(const struct side *side, const char *dir, const char *text, struct seal_identity *identity)
{
	char *file = alloc_format("%s/%s", dir, side->file), *key = alloc_format("%s/%s", dir, side->key);
	char error[KEYFILE_ERROR_LEN];
	bool ok = can_be_seen(file) && nothing_exists(file, key) && make_dir(dir) && make_drops(side, dir);

	if (ok && !keyfile_create(key, identity, error)) {
		log_error("%s", error);
		ok = false;
	} else if (ok && !write_file(file, text)) {
		unlink(key);
		ok = false;
	}
	if (ok)
		log_info("wrote %s and the secret key %s", file, key);
	free(file);
	free(key);
	return ok;
}

/* ---- a client ---- */

static char *name_of(const struct setup *setup)
{
	char machine[IDENTITY_NAME_LEN];

	return alloc_text(setup->name ? setup->name : identity_machine_name(machine));
}

/* Without its quotes, YAML takes this name for no value. The caller frees it. */
static char *quoted(const char *name)
{
	return strcmp(name, "null") == 0 ? alloc_text("\"null\"") : alloc_text(name);
}

static char *client_text(const char *name)
{
	char *value = quoted(name), *text = alloc_format("%svantage: %s\n%s", client.before, value, client.after);

	free(value);
	return text;
}

bool setup_client(const struct setup *setup)
{
	char *dir = find_dir(setup), *name = name_of(setup), *text = client_text(name);
	char public[KEYFILE_PUBLIC_LEN];
	struct seal_identity identity;
	bool ok = dir && make_files(&client, dir, text, &identity);

	if (ok) {
		keyfile_public_text(identity.public_key, public);
		printf("%s: %s\n", name, public);
		log_info("on each server, put this line into clients.d/%s.yaml and reload floatprobed; here, put the "
			 "line of each server into %s/servers.d",
			 name, dir);
		sodium_memzero(&identity, sizeof identity);
	}
	free(dir);
	free(name);
	free(text);
	return ok;
}

/* ---- a server ---- */

/* Check address and name as a client will. Returns false after an error; *port is that of the address. */
static bool check_uri(const char *address, const char *name, uint16_t *port)
{
	struct seal_identity any;
	struct diag_list diags = { 0 };
	const struct uri_place place = { .diags = &diags, .file = "the address" };
	struct uri parsed;
	char *uri;
	bool ok;

	seal_identity_from_seed(&any, (const uint8_t[SEAL_SEED_LEN]){ 1 });
	uri = uri_text(any.public_key, address, name);
	ok = uri_parse(uri, &place, &parsed);
	*port = parsed.endpoint.port;
	diag_log(&diags);
	diag_free(&diags);
	uri_free(&parsed);
	free(uri);
	return ok;
}

/* An IPv6 address gets its brackets. The caller frees it. */
static char *bracketed(const char *address)
{
	uint8_t octets[16];
	char interface[UNITS_INTERFACE_LEN];
	bool bare = address[0] != '[' && strchr(address, ':') &&
		    (!units_address(address, octets) || !units_scoped_address(address, octets, interface));

	char *text = bare ? alloc_format("[%s]", address) : alloc_text(address);
	char *sign = bare ? NULL : strstr(text, "%25");

	/* In brackets it may be as in a URI. */
	if (text[0] == '[' && sign)
		memmove(sign + 1, sign + 3, strlen(sign + 3) + 1);
	return text;
}

static char *own_address(void)
{
	uint8_t address[16];
	char text[UNITS_ADDRESS_LEN];

	if (own_address_find(address)) {
		units_address_text(address, text);
		if (own_address_is_private(address))
			log_warning("%s is a private address; if clients are elsewhere, write the public one into the "
				    "line: `floatprobe pubkey --uri ADDRESS` prints it",
				    text);
		return bracketed(text);
	}
	log_error(
	    "this host has no address from which it reaches others; give the one that clients use with --address");
	return NULL;
}

static void print_uri(const uint8_t key[WIRE_KEY_LEN], const char *address, const char *name)
{
	char *uri = uri_text(key, address, name);

	puts(uri);
	free(uri);
}

static char *server_text(const char *name, unsigned port)
{
	char *value = quoted(name);
	char *text = alloc_format(
	    "%sname: %s\n"
	    "listen: { port: %u, protocols: [ udp, tcp ] }   # all addresses of this host, later ones too\n%s",
	    server.before, value, port, server.after);

	free(value);
	return text;
}

bool setup_server(const struct setup *setup)
{
	char *dir = find_dir(setup), *name = name_of(setup);
	char *address = setup->address ? bracketed(setup->address) : own_address();
	struct seal_identity identity;
	uint16_t port = WIRE_PORT;
	bool ok = dir && address && check_uri(address, name, &port);
	char *text = server_text(name, port);

	ok = ok && make_files(&server, dir, text, &identity);
	if (ok) {
		print_uri(identity.public_key, address, name);
		log_info(
		    "on each client, put this line into servers.d/%s.yaml; here, put the line of each client into "
		    "%s/clients.d. `floatprobe pubkey --uri ADDRESS` prints the line for another address of this host",
		    name, dir);
		sodium_memzero(&identity, sizeof identity);
	}
	free(dir);
	free(name);
	free(address);
	free(text);
	return ok;
}

/* The name in the configuration beside the key. The caller frees it. NULL: there is none. */
static char *name_beside(const char *key)
{
	const char *slash = strrchr(key, '/');
	char *file = alloc_format("%.*s" SETUP_SERVER_FILE, slash ? (int)(slash + 1 - key) : 0, key);
	struct diag_list diags = { 0 };
	struct tree *tree = tree_load_part(file, &diags);
	const struct tree_node *node = tree && tree->root ? tree_get(tree->root, "name") : NULL;
	char *name = node && node->kind == TREE_SCALAR && !units_name(node->text) ? alloc_text(node->text) : NULL;

	tree_free(tree);
	diag_free(&diags);
	free(file);
	return name;
}

bool setup_print_uri(const char *path, const char *address, const char *name)
{
	char *key = path ? alloc_text(path) : places_find(SETUP_SERVER_KEY), *host = bracketed(address);
	char *own = name || !key ? NULL : name_beside(key), machine[IDENTITY_NAME_LEN];
	char error[KEYFILE_ERROR_LEN] = "there is no key " SETUP_SERVER_KEY " in the default places; write its path";
	const char *shown = name ? name : own ? own : identity_machine_name(machine);
	struct seal_identity identity;
	uint16_t port;
	bool found = key && keyfile_read(key, &identity, error), ok = found && check_uri(host, shown, &port);

	if (!found)
		log_error("%s", error);
	if (ok)
		print_uri(identity.public_key, host, shown);
	sodium_memzero(&identity, sizeof identity);
	free(key);
	free(host);
	free(own);
	return ok;
}
