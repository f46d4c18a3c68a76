/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP segmentation. */
#ifndef NET_SEGMENT_HH
#define NET_SEGMENT_HH

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace net
{

/* Where the headers of the large frame are, in bytes. */
struct SegmentRequest {
	uint16_t l3_offset;
	uint16_t l3_length; /* IPv4 options and IPv6 extension headers included */
	uint16_t l4_offset; /* l3_offset + l3_length */
	uint16_t l4_length; /* TCP header with options */
	bool ipv6;
	uint16_t mss; /* payload bytes of each segment but the last */
};

/*
 * Cuts one large TCP frame into segments. The headers are copied once, at
 * init(), and only the copy is believed; payload stays in the frame, which
 * must outlive the segmenter. Length and checksum fields of the large frame
 * are ignored: its size says how much payload there is.
 */
class Segmenter {
    public:
	static constexpr size_t max_header = 256;

	/*
	 * False: the MSS is zero, the request does not match the headers (IP
	 * version, header lengths, TCP, not a fragment), headers reach
	 * beyond the frame or max_header, or a segment would not fit an IP
	 * packet.
	 */
	[[nodiscard]] bool init(std::span<const uint8_t> frame, const SegmentRequest &request);

	/*
	 * The next segment: [0] the headers, complete with checksums, valid
	 * until the next call; [1] the payload, inside the frame, length 0
	 * only if the frame has none. False: no more.
	 */
	[[nodiscard]] bool next(std::array<iovec, 2> &segment);

	/* How many times next() will succeed after init(). */
	[[nodiscard]] size_t count() const;
	/* Length of the headers in front of every segment. */
	[[nodiscard]] size_t header_length() const;

    private:
	void fix_l3(size_t payload_length);
	void fix_tcp(std::span<const uint8_t> payload, bool first, bool last);

	std::array<uint8_t, max_header> header_;
	std::span<const uint8_t> payload_;
	size_t done_ = 0; /* payload bytes handed out */
	uint32_t sequence_ = 0; /* of the first segment */
	uint16_t identification_ = 0; /* of the first segment */
	SegmentRequest request_{};
	uint8_t tcp_flags_ = 0; /* of the large frame */
	bool finished_ = true;
};

} // namespace net

#endif
