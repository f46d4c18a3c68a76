/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A physical function, its virtual functions, and the switch between them and a wire. */
#pragma once

#include "frames.hh"
#include "guest.hh"

#include "abi/ena_vf.h"
#include "ena_switch.h"
#include "ena_vfs.h"

#include <memory>
#include <span>

class Fabric {
    public:
	/* A function with a driver and a queue each way. */
	struct Function {
		explicit Function(const ena_config &config);
		void start();
		/* Events of the link, newest last. */
		[[nodiscard]] std::vector<bool> link_events();
		/* The address that the adapter names now. */
		[[nodiscard]] Bytes address();

		Guest g;
		Guest::Queue tx, rx;
		uint16_t next_id = 0;
	};

	/* @total virtual functions, of which @enabled are enabled and have drivers. */
	Fabric(unsigned int total, unsigned int enabled);
	~Fabric();
	Fabric(const Fabric &) = delete;
	Fabric &operator=(const Fabric &) = delete;

	void enable(unsigned int count);
	void plug(bool up);
	void set_mode(ena_switch_mode mode)
	{
		ena_switch_set_mode(switch_, mode);
	}
	/* What has left by the wire comes in again. */
	void send_back();
	[[nodiscard]] Function &pf()
	{
		return *functions_[0];
	}
	[[nodiscard]] Function &vf(unsigned int number)
	{
		return *functions_[1 + number];
	}
	[[nodiscard]] static Bytes made_mac(unsigned int vf);
	[[nodiscard]] static Bytes pf_mac();

	/* Commands of the physical function's driver; each returns the status. */
	uint8_t set(unsigned int vf, ena_vf_item item, const void *data, size_t size);
	template <class T> uint8_t set(unsigned int vf, ena_vf_item item, const T &data)
	{
		return set(vf, item, &data, sizeof(data));
	}
	uint8_t set_mac(unsigned int vf, const Bytes &mac);
	uint8_t set_vlan(unsigned int vf, uint16_t vlan, uint8_t priority = 0);
	uint8_t set_toggle(unsigned int vf, ena_vf_item item, bool on);
	uint8_t set_link(unsigned int vf, uint8_t state);
	uint8_t set_rate(unsigned int vf, uint32_t mbps);
	template <class T> [[nodiscard]] T get(unsigned int vf, ena_vf_item item)
	{
		T value;
		last = command(ENA_ADMIN_VF_GET, vf, item, nullptr, 0);
		memcpy(&value, last.payload, sizeof(value));
		return value;
	}
	ena_acq_entry command(uint8_t opcode, unsigned int vf, uint8_t item, const void *data,
			      size_t size);
	[[nodiscard]] bool noted(const std::string &part)
	{
		return pf().g.host.noted(part);
	}

	/* Ethernet frames of 60 bytes and more, with @rest behind the addresses. */
	[[nodiscard]] static Bytes frame(const Bytes &to, const Bytes &from,
					 const Bytes &rest = {0x08, 0x06});
	void send(Function &from, const Bytes &frame);
	void wire_in(const Bytes &frame);
	/* What a function has received since it was asked last. */
	[[nodiscard]] static std::vector<Bytes> received(Function &to);
	void advance(uint64_t ns);
	/* Frames that a function (0: the physical one) had no room for. */
	[[nodiscard]] uint64_t lost(unsigned int function) const
	{
		return lost_[function];
	}

	std::vector<Bytes> wire; /* what has left by it */
	unsigned int carried = 0; /* frames that functions gave to the switch */
	ena_acq_entry last{};

    private:
	void forward(unsigned int port, const Bytes &frame, const ena_vnet_hdr &hdr);
	bool deliver(const ena_switch_ports &to, std::span<const iovec> frame,
		     const ena_vnet_hdr &hdr);
	void changed(unsigned int vf, const ena_vf_settings &settings);
	void set_port(unsigned int vf);
	void set_link_of(unsigned int vf);

	std::vector<std::unique_ptr<Function>> functions_;
	std::vector<ena_vf_settings> settings_;
	std::vector<uint64_t> lost_;
	ena_switch *switch_;
	unsigned int enabled_ = 0;
	bool wire_up_ = true;
};

inline const Bytes broadcast(6, 0xff);
inline const Bytes stranger = {0x52, 0x54, 0, 0x99, 0x99, 0x99}; /* no port has it */

/* How many frames a function has received since it was asked last. */
inline size_t count(Fabric::Function &function)
{
	return Fabric::received(function).size();
}
