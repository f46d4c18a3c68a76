/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receive-side scaling: hash function, hash input, indirection table. */
#ifndef ENA_CORE_RSS_HH
#define ENA_CORE_RSS_HH

#include "queues.hh"

#include "core/net/packet.hh"
#include "core/net/toeplitz.hh"

namespace ena
{

class Rss {
    public:
	static constexpr unsigned int min_log_size = 1, max_log_size = 7;

	struct Result {
		uint32_t hash; /* 0 for what is not hashed */
		std::optional<QueueIndex> queue; /* none: the driver has not filled the entry */
	};

	Rss(Host &host, Queues &queues) : host_(host), queues_(queues)
	{
		reset();
	}

	/*
	 * Features 10, 12 and 18. @ctrl: the buffer of the command, by address;
	 * an address of 0 means that there is none.
	 */
	[[nodiscard]] ena_admin_status get(ena_rss_hash_function &payload,
					   const ena_ctrl_buffer &ctrl);
	[[nodiscard]] ena_admin_status set(const ena_rss_hash_function &payload,
					   const ena_ctrl_buffer &ctrl);
	[[nodiscard]] ena_admin_status get(ena_rss_indirection &payload,
					   const ena_ctrl_buffer &ctrl);
	[[nodiscard]] ena_admin_status set(const ena_rss_indirection &payload,
					   const ena_ctrl_buffer &ctrl);
	[[nodiscard]] ena_admin_status get(ena_rss_hash_input &payload,
					   const ena_ctrl_buffer &ctrl);
	[[nodiscard]] ena_admin_status set(const ena_rss_hash_input &payload,
					   const ena_ctrl_buffer &ctrl);
	/* One entry by register; a note if it cannot be. */
	void update_entry(uint32_t index, uint16_t queue);

	/* @head: the bytes that @packet was parsed from. */
	[[nodiscard]] Result classify(const net::Packet &packet,
				      std::span<const uint8_t> head) const;
	void info(ena_settings_info &info) const;
	void reset();
	void snapshot(Snapshot &s);

    private:
	static constexpr uint16_t unset = 0xffff;

	[[nodiscard]] ena_admin_status check_entry(uint32_t entry, uint16_t queue);
	/* Hash with key_ from now on. */
	void apply_key();
	[[nodiscard]] uint32_t hash(const net::Packet &packet, std::span<const uint8_t> head) const;

	Host &host_;
	Queues &queues_;
	net::Toeplitz toeplitz_;
	std::array<uint8_t, ENA_RSS_KEY_SIZE> key_; /* as the driver gave it */
	bool key_set_;
	uint32_t init_;
	unsigned int log_size_;
	std::array<uint16_t, 1u << max_log_size> table_;
	std::array<uint16_t, ENA_RSS_PROTO_COUNT> fields_; /* enum ena_rss_field */
	uint16_t sort_;
};

} // namespace ena

#endif
