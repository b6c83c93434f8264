using System.Globalization;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>
/// <c>GET /consumers/{group}/instances/{instance}/records</c>. It answers as soon as there are records, in any partition, and after
/// the timeout when there are none.
/// </summary>
/// <remarks>
/// Retry-safe: a position moves only when the whole answer was handed to the connection. A client that gave up or went away before
/// gets the same records, in the same order, from its next read. An answer is acknowledged by the next read, or by what else its
/// client does about the records: a commit, a change of what it reads, the deletion of the instance. Only then does an instance that
/// commits by itself commit it, and does a partition go to another member of the group. What was delivered and not acknowledged is
/// read again after a restart, and by another instance after this one was closed for being idle. An answer that is being made while
/// a partition changes hands may bring records that the other reads too. A seek while an answer is being made is where the next read
/// begins.
/// </remarks>
internal static class ReadRecords
{
    public static async Task ReadAsync(RestRequest request)
    {
        var format = Negotiation.FormatOfAnswer(request.Http.Request.Headers.Accept, out var extras);
        if (format == EmbeddedFormat.None)
        {
            RestResponse.WriteEarlyError(request.Http, RestError.NotAcceptable);
            return;
        }

        ConsumerInstance? instance = null;
        await request.Services.Consumers.UseAsync(
            request.Values.First,
            request.Values.Second,
            (_, found) =>
            {
                instance = found;
                return default;
            },
            request.Cancel);
        var error = instance is null ? RestError.ConsumerNotFound : format != instance.Settings.Format ? RestError.FormatMismatch : null;
        var limits = default(ReadLimits);
        error ??= ReadLimits.TryParse(request, instance!.Settings, out limits);
        if (error is not null)
        {
            RestResponse.WriteError(request.Http, error);
            return;
        }

        await instance!.Reading.WaitAsync(request.Cancel);
        try
        {
            using var page = new RecordPage(format, extras, limits.BytesMax, request.Services.Budget);
            await AnswerAsync(request, instance, page, limits);
        }
        finally
        {
            instance.Reading.Release();
        }
    }

    private static async Task AnswerAsync(RestRequest request, ConsumerInstance instance, RecordPage page, ReadLimits limits)
    {
        if (await FillAsync(request, instance, page, limits) is { } error)
        {
            RestResponse.WriteError(request.Http, error);
            return;
        }

        var http = request.Http;
        RestResponse.Write(http, StatusCodes.Status200OK, Negotiation.TypeOf(instance.Settings.Format), page.Finish());
        var flushed = await http.Response.BodyWriter.FlushAsync(request.Cancel);
        if (flushed.IsCompleted || HttpMethods.IsHead(http.Request.Method) || request.Cancel.IsCancellationRequested) return;
        await request.Services.Consumers.UseAsync(
            instance.Group,
            instance.Name,
            (_, used) =>
            {
                page.Deliver();
                used.Turn++;
                return default;
            },
            CancellationToken.None);
    }

    /// <summary>Reads until there is enough, the page is full, or the time is up. An error is given only when no record was read.</summary>
    private static async ValueTask<RestError?> FillAsync(RestRequest request, ConsumerInstance instance, RecordPage page, ReadLimits limits)
    {
        using var timeout = new CancellationTokenSource(limits.Wait, request.Services.Time);
        while (true)
        {
            var view = await ConsumerView.TakeAsync(request, instance);
            if (view.Error is not null) return page.Count == 0 ? view.Error : null;
            foreach (var (assigned, position) in view.Partitions)
            {
                if (page.IsFull || page.IsBehindSeek(assigned, position)) return null;
                if (await ReadPartitionAsync(request, instance, page, assigned, position) is { } error) return page.Count == 0 ? error : null;
            }

            if (page.IsFull || (page.Count > 0 && page.Bytes >= limits.MinBytes) || timeout.IsCancellationRequested) return null;
            await view.WaitAsync(request, page, timeout.Token);
        }
    }

    private static async ValueTask<RestError?> ReadPartitionAsync(
        RestRequest request, ConsumerInstance instance, RecordPage page, AssignedPartition assigned, long position)
    {
        while (!page.IsFull)
        {
            var from = page.NextOf(assigned, position);
            FetchedBatches fetched;
            try
            {
                fetched = await request.Services.Log.ReadAsync(assigned.Partition, from, request.Services.Options.ConsumerFetchBytes, request.Cancel);
            }
            catch (OffsetOutOfRangeException)
            {
                // The next look at the partitions begins where auto.offset.reset says.
                if (instance.Settings.Reset == OffsetReset.None) return NoOffset(assigned.Partition);
                await request.Services.Consumers.UseAsync(
                    instance.Group, instance.Name, (_, _) => ForgetAsync(assigned), request.Cancel);
                return null;
            }
            catch (UnknownTopicPartitionException)
            {
                // The topic was deleted; the next look at the partitions leaves it out.
                return null;
            }

            if (fetched.Bytes.IsEmpty) return null;
            if (page.Add(assigned, position, fetched.Bytes.Span) is { } error) return error;
        }

        return null;
    }

    public static RestError NoOffset(TopicPartition partition) => RestError.Kafka(
        $"Undefined offset with no reset policy for partition {partition}. Commit an offset, seek, or set auto.offset.reset.");

    private static ValueTask ForgetAsync(AssignedPartition assigned)
    {
        assigned.MoveTo(null);
        assigned.IsOutOfRange = true;
        return default;
    }
}

/// <summary>How much a read may bring and how long it may take.</summary>
internal readonly record struct ReadLimits(TimeSpan Wait, long BytesMax, int MinBytes)
{
    public static RestError? TryParse(RestRequest request, ConsumerSettings settings, out ReadLimits limits)
    {
        var options = request.Services.Options;
        limits = default;
        if (!TryNumber(request, "timeout", settings.WaitMs ?? options.ConsumerRequestTimeoutMs, out var wait)) return NotANumber("timeout");
        if (!TryNumber(request, "max_bytes", options.ConsumerRequestBytesMax, out var bytes)) return NotANumber("max_bytes");
        limits = new(
            TimeSpan.FromMilliseconds(Math.Min(wait, options.ConsumerRequestTimeoutMsMax)),
            Math.Min(bytes, options.ConsumerRequestBytesMax),
            settings.MinBytes);
        return null;
    }

    /// <summary>A negative number asks for the default, as in the official proxy.</summary>
    private static bool TryNumber(RestRequest request, string name, long byDefault, out long number)
    {
        number = byDefault;
        string? text = request.Http.Request.Query[name];
        if (string.IsNullOrEmpty(text)) return true;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var asked)) return false;
        if (asked >= 0) number = asked;
        return true;
    }

    private static RestError NotANumber(string name) => RestError.BadRequest($"The query parameter {name} must be a whole number.");
}
