/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MAC address that a function tells its driver, which another function may change. */
#ifndef ENA_CORE_ADDRESS_HH
#define ENA_CORE_ADDRESS_HH

#include "snapshot.hh"

#include "abi/ena_regs.h"

#include <array>
#include <cstring>

namespace ena
{

/*
 * A driver that recovers finds the address that it had: Linux's ena gives the adapter up if it
 * differs. It resets with the reason for which it recovers, and then once more with NORMAL when
 * it sets the adapter up again (Linux 6.1 to 7.2); a start or a stop is NORMAL or SHUTDOWN.
 * When the machine is suspended ena resets with NORMAL as well; then the function is put to sleep.
 */
class Address {
    public:
	explicit Address(const ena_config &config)
	{
		memcpy(told_.data(), config.mac, told_.size());
		next_ = before_ = told_;
	}
	[[nodiscard]] const std::array<uint8_t, 6> &told() const
	{
		return told_;
	}
	/* To be told from the next start of a driver on. */
	void set(const uint8_t *mac)
	{
		memcpy(next_.data(), mac, next_.size());
	}
	void driver_reset(uint32_t reason)
	{
		const bool failure = reason != ENA_RESET_NORMAL && reason != ENA_RESET_SHUTDOWN;

		before_ = told_;
		driver_ = reason != ENA_RESET_SHUTDOWN;
		if (!failure && !recovering_)
			told_ = next_;
		recovering_ = failure;
	}
	/* To D3hot; @at_work: the driver has set the function up since it has reset it. */
	void sleep(bool at_work)
	{
		if (!driver_)
			return;
		if (!at_work)
			told_ = before_;
		recovering_ = true;
	}
	void power_on()
	{
		told_ = before_ = next_;
		recovering_ = driver_ = false;
	}
	/* What is to be told next is set by the host, here and there. */
	void snapshot(Snapshot &s)
	{
		s.section("address", 1, Absent::defaults, [&] {
			s.bytes("told", told_);
			s.require(!(told_[0] & 1), "address is that of a group");
			s.value("recovering", recovering_);
		});
		if (s.loading())
			before_ = told_;
	}

    private:
	std::array<uint8_t, 6> told_;
	std::array<uint8_t, 6> next_;
	std::array<uint8_t, 6> before_; /* told before the last reset by the driver */
	bool recovering_ = false; /* the driver that has reset the function goes on with it */
	bool driver_ = false; /* one has reset it, and has not said that it goes */
};

} // namespace ena

#endif
