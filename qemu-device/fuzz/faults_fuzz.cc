// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as faults: it is refused with a sentence and changes nothing, or it is taken,
 * reads back as text that means the same, and the adapter goes on.
 */
#include "guest.hh"

#include <string>

namespace
{
constexpr const char *words[] = {
	"none",
	";",
	",",
	"=",
	"count",
	"every",
	"per-million",
	"queue",
	"vector",
	"opcode",
	"feature",
	"group",
	"register",
	"status",
	"id",
	"delay",
	"down",
	"period",
	"syndrome",
	"0",
	"1",
	"2",
	"100",
	"0x10",
	"18446744073709551616",
	"-1",
	"5ms",
	"1s",
	"10ns",
	"200us",
	"count=1",
	"every=3",
	"per-million=500000",
	"queue=0",
	"delay=5ms",
	"status=5",
	"period=1s",
	"admin-lost",
	"admin-delayed",
	"admin-refused",
	"tx-completion-lost",
	"tx-completion-duplicated",
	"tx-completion-wrong-id",
	"tx-completion-wrong-phase",
	"tx-completion-reserved",
	"rx-completion-lost",
	"rx-completion-duplicated",
	"rx-completion-wrong-id",
	"rx-completion-wrong-phase",
	"rx-completion-reserved",
	"rx-completion-first",
	"rx-completion-too-long",
	"rx-completion-too-many",
	"doorbell-lost",
	"interrupt-lost",
	"dma-read-failed",
	"dma-write-failed",
	"register-lost",
	"register-ones",
	"event-lost",
	"event-wrong-phase",
	"slow",
	"tx-frame-lost",
	"tx-frame-duplicated",
	"tx-frame-corrupted",
	"tx-frame-delayed",
	"tx-frame-reordered",
	"rx-frame-lost",
	"rx-frame-duplicated",
	"rx-frame-corrupted",
	"rx-frame-delayed",
	"rx-frame-reordered",
	"link-flap",
	"event-unknown",
	"fatal-error",
	"reset-request",
};

std::string take_text(fuzz::Input &input)
{
	std::string text;
	const uint32_t count = input.below(24);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t how = input.byte();
		if (how < 16)
			text += static_cast<char>(std::max<uint8_t>(input.byte(), 1));
		else
			text += words[how % std::size(words)];
	}
	return text;
}

/* Without what has happened since. */
std::vector<std::string> faults_of(const fuzz::FuzzHost &host)
{
	std::vector<std::string> all;
	char text[ENA_DEVICE_FAULT_SIZE];

	while (host.fault(static_cast<unsigned int>(all.size()), text, sizeof(text))) {
		std::string fault(text);
		const size_t end = fault.find(" hits=");
		FUZZ_CHECK(end != std::string::npos, "no hits: %s", text);
		all.push_back(fault.substr(0, end));
	}
	return all;
}

void try_text(fuzz::FuzzHost &host, const std::string &text, const ena_config &config)
{
	const auto before = faults_of(host);
	char why[ENA_DEVICE_WHY_SIZE] = "";

	if (!host.inject(text.c_str(), why, sizeof(why))) {
		FUZZ_CHECK(*why && !strchr(why, '\n'), "refused with '%s'", why);
		FUZZ_CHECK(faults_of(host) == before, "refused, and something has changed");
		return;
	}
	const auto now = faults_of(host);
	FUZZ_CHECK(now.size() <= 16, "%zu faults", now.size());
	std::string all;
	for (const std::string &fault : now)
		all += (all.empty() ? "" : ";") + fault;
	fuzz::Input nothing(nullptr, 0);
	fuzz::FuzzHost other(config, nothing);
	if (!now.empty())
		FUZZ_CHECK(other.inject(all.c_str(), why, sizeof(why)), "%s: %s", all.c_str(), why);
	FUZZ_CHECK(faults_of(other) == now, "%s reads back otherwise", all.c_str());
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	ena_config config = fuzz::config_with(2);
	fuzz::FuzzHost host(config, input);
	while (!input.empty())
		try_text(host, take_text(input), config);
	return 0;
}
