// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the adapter does with single frames, for a test in another language: a
 * request a line on standard input, one line of answer on standard output.
 *
 *	tx WORD1 MSS L3_OFFSET L3_LENGTH L4_WORDS FRAME	  frames sent, in hex; "drop"
 *	rx FLAGS GSO_TYPE GSO_SIZE CSUM_START CSUM_OFFSET FRAME	  STATUS:FRAME ...; "drop"
 *
 * WORD1, FLAGS, GSO_TYPE and FRAME are hexadecimal. MSS, L3_* and L4_WORDS are
 * those of the meta descriptor; all zero: there is none.
 */
#include "tests/device/guest.hh"

#include <cinttypes>
#include <iostream>
#include <sstream>

namespace
{
std::vector<uint8_t> from_hex(const std::string &text)
{
	std::vector<uint8_t> bytes;
	for (size_t i = 0; i + 1 < text.size(); i += 2)
		bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
	return bytes;
}

std::string to_hex(const std::vector<uint8_t> &bytes)
{
	static constexpr char digits[] = "0123456789abcdef";
	std::string text;
	for (const uint8_t byte : bytes) {
		text += digits[byte >> 4];
		text += digits[byte & 15];
	}
	return text;
}

class Program {
    public:
	Program()
	{
		guest_.start();
		tx_ = guest_.create(false, 1024, 1);
		rx_ = guest_.create(true, 256, 2);
		buffer_ = guest_.host.alloc(2 * piece);
		guest_.post(rx_, 255, 16384);
	}
	std::string answer(std::istringstream &line);

    private:
	static constexpr size_t piece = 0x9000;

	std::string transmit(std::istringstream &line);
	std::string receive(std::istringstream &line);

	Guest guest_;
	Guest::Queue tx_, rx_;
	uint64_t buffer_;
};

std::string Program::transmit(std::istringstream &line)
{
	uint32_t word1, mss, l3_offset, l3_length, l4_words;
	std::string hex;

	line >> std::hex >> word1 >> std::dec >> mss >> l3_offset >> l3_length >> l4_words >> hex;
	const std::vector<uint8_t> frame = from_hex(hex);
	/* The pieces are cut in the midst of the headers of a small frame, too. */
	std::vector<Guest::Buffer> buffers;
	memcpy(guest_.host.at(buffer_, frame.size()), frame.data(), frame.size());
	const size_t first = std::min(frame.size(), frame.size() > piece ? piece : size_t{41});
	buffers.push_back({buffer_, static_cast<uint32_t>(first)});
	if (first < frame.size())
		buffers.push_back({buffer_ + first, static_cast<uint32_t>(frame.size() - first)});
	const bool meta = mss || l3_offset || l3_length || l4_words;
	if (meta)
		guest_.push_meta(tx_, static_cast<uint16_t>(mss), static_cast<uint8_t>(l3_offset),
				 static_cast<uint8_t>(l3_length), static_cast<uint8_t>(l4_words),
				 false);
	guest_.host.sent.clear();
	guest_.push_packet(tx_, 7, buffers, word1, meta);
	guest_.ring(tx_);
	if (!guest_.tx_completion(tx_))
		return "no completion";
	std::string text;
	for (const FakeHost::Sent &sent : guest_.host.sent)
		text += (text.empty() ? "" : " ") + to_hex(sent.bytes);
	return text.empty() ? "drop" : text;
}

std::string Program::receive(std::istringstream &line)
{
	uint32_t flags, type, size, start, offset;
	std::string hex, text;

	line >> std::hex >> flags >> type >> std::dec >> size >> start >> offset >> hex;
	ena_vnet_hdr hdr{};
	hdr.flags = static_cast<uint8_t>(flags);
	hdr.gso_type = static_cast<uint8_t>(type);
	hdr.gso_size = static_cast<uint16_t>(size);
	hdr.csum_start = static_cast<uint16_t>(start);
	hdr.csum_offset = static_cast<uint16_t>(offset);
	if (guest_.receive(from_hex(hex), &hdr) != ENA_RECEIVE_TAKEN)
		return "hold";
	while (const auto frame = guest_.rx_completion(rx_)) {
		/* Without phase and ring marks, which say nothing of the frame. */
		const uint32_t status = frame->status & ~(ENA_RXC_PHASE | ENA_RXC_FIRST |
							  ENA_RXC_LAST | ENA_RXC_BUFFER);
		char number[16];
		snprintf(number, sizeof(number), "%" PRIx32 ":", status);
		text += (text.empty() ? "" : " ") + (number + to_hex(frame->bytes));
		guest_.post(rx_, static_cast<unsigned int>(frame->req_ids.size()), 16384);
	}
	return text.empty() ? "drop" : text;
}

std::string Program::answer(std::istringstream &line)
{
	std::string what;
	line >> what;
	return what == "tx" ? transmit(line) : what == "rx" ? receive(line) : "what?";
}
} // namespace

int main()
{
	Program program;
	std::string text;

	while (std::getline(std::cin, text)) {
		std::istringstream line(text);
		std::cout << program.answer(line) << '\n';
	}
	return 0;
}
