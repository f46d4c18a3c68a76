// SPDX-License-Identifier: GPL-2.0-or-later
/* Key pairs: the public keys that cloud-init lets into an instance. Secret ones are not kept. */
#include "base64.hh"
#include "error.hh"
#include "filter.hh"
#include "resource.hh"
#include "ssh_key.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr size_t most_keys = 100, longest_name = 255;

constexpr FilterField key_filters[] = {{"key-pair-id", "keyPairId"},
				       {"key-name", "keyName"},
				       {"fingerprint", "keyFingerprint"}};

std::string name_of(Query &query)
{
	const std::string name = query.need("KeyName");

	if (name.size() > longest_name ||
	    std::any_of(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }))
		throw ApiError("InvalidParameterValue",
			       format("Value (%s) for parameter KeyName is invalid. It must have "
				      "1 to %zu characters of ASCII.",
				      printable(name, 60).c_str(), longest_name));
	return name;
}

void add_key(State &state, const Key &key, const Tags &tags)
{
	if (key_named(state, key.name))
		throw ApiError("InvalidKeyPair.Duplicate",
			       "The keypair '" + key.name + "' already exists.");
	if (state.keys.size() >= most_keys)
		throw ApiError(
			"KeyPairLimitExceeded",
			format("There are %zu key pairs, which is the most.", state.keys.size()));
	state.keys[key.id] = key;
	add_tags(state, key.id, tags);
}

Json key_json(const State &state, const Key &key)
{
	Json json;

	json.set("keyPairId", key.id);
	json.set("keyFingerprint", key.fingerprint);
	json.set("keyName", key.name);
	json.set("tagSet", tags_json(state, key.id));
	return json;
}

/* Keeps it, and returns the answer. */
Json keep(Context &context, const std::string &name, const PublicKey &public_key, const Tags &tags)
{
	const Key key{fresh_id("key-"),
		      name,
		      public_key.type,
		      public_key.fingerprint,
		      public_key.text + " " + name,
		      time(nullptr)};

	context.store.change([&](State &state) { add_key(state, key, tags); });
	return key_json(*context.store.now(), key);
}

Json import_key(Context &context, Query &query)
{
	const std::string name = name_of(query);
	const auto material = base64_decode(query.need("PublicKeyMaterial"));
	const auto tags = tag_specifications(query, {"key-pair"});

	try {
		if (!material)
			throw Trouble("PublicKeyMaterial is not base64");
		const PublicKey key = read_public_key(*material);
		context.begin(query);
		return keep(context, name, key,
			    tags.contains("key-pair") ? tags.at("key-pair") : Tags());
	} catch (const Trouble &wrong) {
		throw ApiError("InvalidKey.Format",
			       std::string("Key is not in valid OpenSSH public "
					   "key format: ") +
				       wrong.what());
	}
}

Json create_key(Context &context, Query &query)
{
	const std::string name = name_of(query);
	const std::string type = query.text_or("KeyType", "rsa");
	const std::string form = query.text_or("KeyFormat", "pem");
	const auto tags = tag_specifications(query, {"key-pair"});

	if (type != "rsa" && type != "ed25519")
		throw ApiError("InvalidParameterValue", "Value (" + printable(type, 40) +
								") for parameter KeyType is "
								"invalid. It must be rsa or "
								"ed25519.");
	if (form != "pem")
		throw ApiError("InvalidParameterValue", "Value (" + printable(form, 40) +
								") for parameter KeyFormat is "
								"invalid. It must be pem: OpenENA "
								"has no other.");
	context.begin(query);
	const KeyPair pair = make_key_pair(type);
	Json result = keep(context, name, pair.key,
			   tags.contains("key-pair") ? tags.at("key-pair") : Tags());
	result.set("keyMaterial", pair.secret);
	return result;
}

/* ApiError: one of those that are asked for is not there. */
void check_there(const State &state, const std::vector<std::string> &names,
		 const std::vector<std::string> &ids)
{
	for (const std::string &name : names)
		(void)need_key(state, name);
	for (const std::string &id : ids)
		if (!state.keys.contains(id))
			throw ApiError("InvalidKeyPair.NotFound",
				       "The key pair '" + printable(id, 60) + "' does not exist");
}

Json describe_keys(Context &context, Query &query)
{
	const auto names = query.list("KeyName"), ids = query.list("KeyPairId");
	const bool whole = query.boolean("IncludePublicKey").value_or(false);
	const Filters filters(query, key_filters);
	const auto state = context.store.now();
	const auto asked = [](const std::vector<std::string> &words, const std::string &word) {
		return std::find(words.begin(), words.end(), word) != words.end();
	};
	Json result, list{Json::Array{}};

	check_there(*state, names, ids);
	context.begin(query);
	for (const auto &[id, key] : state->keys) {
		Json json = key_json(*state, key);
		json.set("keyType", key.type);
		json.set("createTime", time_text(key.made));
		if (whole)
			json.set("publicKey", key.text);
		if (((names.empty() && ids.empty()) || asked(names, key.name) || asked(ids, id)) &&
		    filters.match(json))
			list.add(json);
	}
	result.set("keySet", list);
	return result;
}

/* That there was none is fine, as in EC2. Instances keep theirs. */
Json delete_key(Context &context, Query &query)
{
	const auto name = query.text("KeyName");
	std::string id = query.text_or("KeyPairId", "");
	Json result;

	if (!name && id.empty())
		throw ApiError("MissingParameter",
			       "The request must contain the parameter KeyName or KeyPairId");
	context.begin(query);
	context.store.change([&](State &state) {
		const Key *key = name ? key_named(state, *name) : nullptr;
		if (key)
			id = key->id;
		state.tags.erase(state.keys.contains(id) ? id : "");
		state.keys.erase(id);
	});
	result.set("return", true);
	result.set("keyPairId", id.empty() ? Json() : Json(id));
	return result;
}

} // namespace

const Key *key_named(const State &state, const std::string &name)
{
	const auto found = std::find_if(state.keys.begin(), state.keys.end(),
					[&](const auto &each) { return each.second.name == name; });

	return found == state.keys.end() ? nullptr : &found->second;
}

const Key &need_key(const State &state, const std::string &name)
{
	const Key *key = key_named(state, name);

	if (!key)
		throw ApiError("InvalidKeyPair.NotFound",
			       "The key pair '" + printable(name, 60) + "' does not exist");
	return *key;
}

std::span<const Action> key_actions()
{
	static constexpr Action actions[] = {{"ImportKeyPair", import_key},
					     {"CreateKeyPair", create_key},
					     {"DescribeKeyPairs", describe_keys},
					     {"DeleteKeyPair", delete_key}};

	return actions;
}

} // namespace tool::ec2
