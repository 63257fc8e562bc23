#include "tools/gateway/http/gzip.hpp"

#include <zlib.h>

#include <boost/beast/core/string.hpp>
#include <optional>
#include <stdexcept>

#include "tools/gateway/http/conditions.hpp"
#include "tools/gateway/http/weighted_list.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t bytes_min = 1024;  ///< below this, headers and packets outweigh the gain

/// A reusable compressor; its tables take 256 KiB.
class Deflater {
public:
    Deflater() {
        constexpr int gzip_window = 15 + 16;
        if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    std::string compress(std::string& text) {
        deflateReset(&stream_);
        std::string out(deflateBound(&stream_, text.size()), '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(text.data());
        stream_.avail_in = static_cast<uInt>(text.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) throw std::logic_error("deflateBound");
        out.resize(stream_.total_out);
        return out;
    }

private:
    z_stream stream_{};
};

/// Weights of Accept-Encoding, in thousandths.
struct CodingWeights {
    int gzip = 0;
    std::optional<int> identity{};  ///< empty if acceptable but not listed

    [[nodiscard]] bool prefers_gzip() const noexcept {
        return gzip > 0 && (!identity || gzip >= *identity);
    }
};

CodingWeights weights_of(const Request& request) {
    const auto list = request.list(http::field::accept_encoding);
    if (!list) return {};
    std::optional<int> gzip;
    std::optional<int> identity;
    std::optional<int> others;
    for (const Weighted& coding : weighted_list(*list)) {
        const boost::beast::string_view name(coding.value.data(), coding.value.size());
        if (boost::beast::iequals(name, "gzip") || boost::beast::iequals(name, "x-gzip")) {
            gzip = coding.weight;
        } else if (boost::beast::iequals(name, "identity")) {
            identity = coding.weight;
        } else if (coding.value == "*") {
            others = coding.weight;
        }
    }
    return {.gzip = gzip ? *gzip : others.value_or(0), .identity = identity ? identity : others};
}

}  // namespace

bool accepts_gzip(const Request& request) { return weights_of(request).prefers_gzip(); }

bool is_to_be_compressed(const Request& request, const Response& response) {
    if (response.body.empty() || response.is_compressed_already) return false;
    const CodingWeights weights = weights_of(request);
    return weights.prefers_gzip() && (response.body.size() >= bytes_min || weights.identity == 0);
}

std::string gzip(std::string text) {
    thread_local Deflater deflater;
    return deflater.compress(text);
}

void set_compressed(Response& response, std::string body) {
    response.body = std::move(body);
    response.is_compressed_already = true;
    response.add("Content-Encoding", "gzip");
    if (!response.etag.empty()) response.etag = gzip_tag(response.etag);
}

void compress(const Request& request, Response& response) {
    if (is_to_be_compressed(request, response)) {
        set_compressed(response, gzip(std::move(response.body)));
    }
}

}  // namespace ringside::gateway
