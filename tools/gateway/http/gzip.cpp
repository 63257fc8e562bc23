#include "tools/gateway/http/gzip.hpp"

#include <zlib.h>

#include <boost/beast/http/rfc7230.hpp>
#include <stdexcept>

namespace ringside::gateway {

namespace {

constexpr std::size_t bytes_min = 1024;  ///< below it, headers and packets outweigh what is won

/// A compressor that is used again and again; its tables are 256 KiB.
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

}  // namespace

bool accepts_gzip(std::string_view header) noexcept {
    for (const auto& coding : boost::beast::http::ext_list({header.data(), header.size()})) {
        if (!boost::beast::iequals(coding.first, "gzip") && coding.first != "*") continue;
        for (const auto& [name, value] : coding.second) {
            const bool is_zero = value.find_first_not_of("0.") == boost::beast::string_view::npos;
            if (boost::beast::iequals(name, "q") && is_zero) return false;
        }
        return true;
    }
    return false;
}

bool is_to_be_compressed(const Request& request, const Response& response) {
    return response.body.size() >= bytes_min && !response.is_compressed_already &&
           accepts_gzip(request.header(http::field::accept_encoding));
}

std::string gzip(std::string text) {
    thread_local Deflater deflater;
    return deflater.compress(text);
}

void set_compressed(Response& response, std::string body) {
    response.body = std::move(body);
    response.is_compressed_already = true;
    response.add("Content-Encoding", "gzip");
    response.add("Vary", "Accept-Encoding");
}

void compress(const Request& request, Response& response) {
    if (is_to_be_compressed(request, response)) {
        set_compressed(response, gzip(std::move(response.body)));
    } else if (response.body.size() >= bytes_min && !response.is_compressed_already) {
        response.add("Vary", "Accept-Encoding");
    }
}

}  // namespace ringside::gateway
