/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "phc.hh"

#include "barriers.hh"
#include "registers.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint32_t default_expire_us = 10;
constexpr uint32_t default_block_us = 1000;
constexpr uint32_t max_block_us = 1'000'000;
constexpr uint64_t ns_per_us = 1000;
/* What is put into the answer is this far from the id that is due. */
constexpr uint16_t not_yet = 0xdead;

constexpr uint32_t bounded(uint32_t value, uint32_t otherwise, uint32_t max)
{
	if (!value)
		return otherwise;
	return value < max ? value : max;
}

} // namespace

void Phc::start(oe_kernel *kernel, AdminQueue &admin, const Features &features)
{
	kernel_ = kernel;
	if (!features.has(ENA_FEATURE_PHC))
		return;
	if (Status status = configure(admin); !status) {
		log(kernel, OE_LOG_WARNING,
		    LogLine() << "the device's clock cannot be used, error "
			      << static_cast<uint32_t>(status.error()));
		return;
	}
	/* Orders the place of the doorbell and the timeouts before the first use. */
	store_release(active_, true);
}

Status Phc::configure(AdminQueue &admin)
{
	auto offer = get_feature<ena_phc_config>(admin, ENA_FEATURE_PHC, ENA_PHC_VERSION);
	if (!offer)
		return offer.error();
	if (offer->version != ENA_PHC_VERSION)
		return Errno::not_supported;
	const RegisterOffset doorbell{offer->doorbell_offset.get()};
	if (!doorbell.plausible())
		return Errno::invalid;
	if (!answer_.size()) {
		if (Status status = answer_.allocate(kernel_, sizeof(ena_phc_answer)); !status)
			return status;
	}
	store_relaxed(doorbell_, doorbell.value);
	const uint32_t block =
		bounded(offer->block_timeout_us.get(), default_block_us, max_block_us);
	const uint32_t expire =
		bounded(offer->expire_timeout_us.get(), default_expire_us, max_expire_us);
	store_relaxed(block_us_, block);
	store_relaxed(expire_us_, expire < block ? expire : block);

	ena_phc_config config = {};
	ena::store(config.output_address, answer_.bus().value);
	config.output_length.set(sizeof(ena_phc_answer));
	return set_feature(admin, ENA_FEATURE_PHC, config);
}

void Phc::stop()
{
	store_release(active_, false);
}

bool Phc::active() const
{
	return load_acquire(active_);
}

bool Phc::answered() const
{
	const auto *answer = answer_.as<const ena_phc_answer>();

	return ena_le16{load_once(answer->req_id.raw)}.get() == id_;
}

void Phc::ask()
{
	auto *answer = answer_.as<ena_phc_answer>();

	id_++;
	answer->req_id.set(static_cast<uint16_t>(id_ + not_yet));
	/* oek_writel() orders the id put there before the doorbell. */
	oek_writel(kernel_, load_relaxed(doorbell_), id_);
}

/* The id is there: so is the rest. */
Status Phc::take_answer(struct oe_phc_time &time)
{
	/* Orders the look at the id before those at what it announces. */
	dma_rmb();
	const auto *answer = answer_.as<const ena_phc_answer>();
	const uint32_t errors = ena_le32{load_once(answer->error_flags.raw)}.get();
	const uint64_t ns = ena_le64{load_once(answer->timestamp.raw)}.get();
	/* The kernel's time is signed. */
	const bool bad_time = errors & ENA_PHC_ERROR_TIMESTAMP || ns >> 63;
	const bool bad_bound = errors & ENA_PHC_ERROR_ERROR_BOUND;

	if (bad_time)
		counters_.err_ts++;
	if (bad_bound)
		counters_.err_eb++;
	if (bad_time || bad_bound)
		return Errno::busy;
	time.ns = ns;
	time.error_bound_ns = ena_le32{load_once(answer->error_bound.raw)}.get();
	return {};
}

Status Phc::read(struct oe_phc_time &time)
{
	if (!active())
		return Errno::not_supported;
	uint64_t now = oek_now_ns();
	if (blocked_) {
		if (now - asked_ns_ <= load_relaxed(block_us_) * ns_per_us) {
			counters_.skp++;
			return Errno::busy;
		}
		/* What has become of the request that was given up? */
		if (unanswered_) {
			struct oe_phc_time late;

			if (!answered())
				counters_.err_dv++;
			else if (take_answer(late))
				counters_.exp++;
		}
		blocked_ = unanswered_ = false;
	}

	asked_ns_ = now;
	ask();
	const uint64_t deadline = now + load_relaxed(expire_us_) * ns_per_us;
	bool last_look;
	do {
		/* The clock before the answer: who was held up in between still sees it. */
		last_look = oek_now_ns() > deadline;
		if (answered()) {
			Status status = take_answer(time);
			blocked_ = !status;
			counters_.cnt += status ? 1 : 0;
			return status;
		}
		cpu_relax();
	} while (!last_look);
	blocked_ = unanswered_ = true;
	return Errno::busy;
}

} // namespace oe
