/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rss.hh"

#include "text.hh"

namespace oe
{

Status Rss::init(oe_kernel *kernel, const Features &features)
{
	oek_random(key_, sizeof(key_));
	if (Status status = device_key_.allocate(kernel, sizeof(ena_rss_key)); !status)
		return status;
	if (!features.rss_log2_entries)
		return {};
	log2_entries_ = features.rss_log2_entries;
	uint32_t entries = 1u << log2_entries_;
	if (Status status = device_table_.allocate(kernel, entries * sizeof(ena_rss_entry));
	    !status)
		return status;
	return table_.allocate(entries);
}

void Rss::spread(uint32_t queues)
{
	if (user_table_)
		return;
	for (uint32_t i = 0; i < entries(); i++)
		table_[i] = i % queues;
}

uint32_t Rss::highest_queue_wanted() const
{
	uint32_t highest = 0;

	for (uint32_t i = 0; user_table_ && i < entries(); i++)
		highest = table_[i] > highest ? table_[i] : highest;
	return highest;
}

void Rss::get(uint32_t *table, uint8_t *key) const
{
	for (uint32_t i = 0; table && i < entries(); i++)
		table[i] = table_[i];
	for (uint32_t i = 0; key && i < sizeof(key_); i++)
		key[i] = key_[i];
}

void Rss::set(const uint32_t *table, const uint8_t *key, uint32_t queues)
{
	/* "ethtool -X default" arrives as this table: it follows the queues again. */
	bool is_default = true;

	for (uint32_t i = 0; table && i < entries(); i++) {
		is_default = is_default && table[i] == i % queues;
		table_[i] = table[i];
	}
	for (uint32_t i = 0; key && i < sizeof(key_); i++)
		key_[i] = key[i];
	if (table)
		user_table_ = !is_default;
}

Status Rss::apply_table(AdminQueue &admin, Array<struct oe_rxq> &queues, const uint32_t *table)
{
	ena_rss_indirection indirection = {};
	auto *entry = device_table_.as<ena_rss_entry>();

	/* The field is called cq_idx, and the device wants the submission queue there. */
	for (uint32_t i = 0; i < entries(); i++)
		entry[i].cq_idx.set(queues[table[i]].device().sq().value);
	indirection.size.set(static_cast<uint16_t>(log2_entries_));
	indirection.inline_index.set(ENA_RSS_INDEX_WHOLE_TABLE);
	return set_feature(
		admin, ENA_FEATURE_RSS_INDIRECTION, indirection,
		{device_table_.bus(), static_cast<uint32_t>(entries() * sizeof(ena_rss_entry))});
}

Status Rss::apply_key(AdminQueue &admin, const uint8_t *key)
{
	ena_rss_hash_function function = {};
	auto *buffer = device_key_.as<ena_rss_key>();

	device_key_.clear();
	buffer->parts.set(ENA_RSS_KEY_WORDS);
	/*
	 * The device takes the key's bytes from the end, and starts from
	 * init_val: reversed and from 0, the hash is Toeplitz as everywhere else.
	 */
	for (uint32_t i = 0; i < sizeof(key_); i++)
		buffer->key[i] = key[sizeof(key_) - 1 - i];
	function.supported.set(ENA_RSS_FUNCTION_TOEPLITZ);
	function.selected.set(ENA_RSS_FUNCTION_TOEPLITZ);
	return set_feature(admin, ENA_FEATURE_RSS_HASH_FUNCTION, function,
			   {device_key_.bus(), sizeof(ena_rss_key)});
}

Status Rss::apply(AdminQueue &admin, const Features &features, Array<struct oe_rxq> &queues)
{
	oe_kernel *kernel = admin.kernel();

	if (entries()) {
		Status status =
			tolerate_absence(kernel, "RSS table", apply_table(admin, queues, table()));
		if (!status)
			return status;
	}
	if (features.rss_key) {
		Status status = tolerate_absence(kernel, "RSS key", apply_key(admin, key_));
		if (!status)
			return status;
	}
	return {};
}

} // namespace oe
