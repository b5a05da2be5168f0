using System;
using Xunit;

namespace QedTools.Tests;

/// <summary>The speed of an operation and its remaining time.</summary>
public sealed class OperationPaceTests
{
    private const long Total = 1000;

    private readonly OperationPace _pace = new();

    [Fact]
    public void Nothing_is_known_before_anything_is_done()
    {
        Assert.Null(_pace.Remaining);
        At(1, 0);
        Assert.Null(_pace.Remaining);
        Assert.Equal(0, _pace.BytesPerSecond);
    }

    [Fact]
    public void A_steady_operation_is_reported_exactly()
    {
        for (int second = 1; second <= 9; second++)
        {
            At(second, second * 100);
            Assert.Equal(100, _pace.BytesPerSecond, precision: 6);
            Assert.Equal(10 - second, _pace.Remaining!.Value.TotalSeconds, precision: 6);
        }
    }

    [Fact]
    public void The_first_report_counts_however_late_it_comes()
    {
        At(5, 500);
        Assert.Equal(100, _pace.BytesPerSecond, precision: 6);
        Assert.Equal(5, _pace.Remaining!.Value.TotalSeconds, precision: 6);
    }

    [Fact]
    public void A_change_of_speed_shows_gradually()
    {
        At(1, 100);
        double before = _pace.BytesPerSecond;
        for (int tenth = 1; tenth <= 200; tenth++)
        {
            At(1 + (tenth / 10.0), 100 + tenth);
            Assert.InRange(_pace.BytesPerSecond, 10, before);
            before = _pace.BytesPerSecond;
        }

        Assert.Equal(10, _pace.BytesPerSecond, tolerance: 1);
    }

    [Fact]
    public void A_jump_over_a_hole_does_not_distort_the_values()
    {
        for (int tenth = 1; tenth <= 50; tenth++)
        {
            At(tenth / 10.0, tenth);
        }

        At(5.1, 100);
        Assert.InRange(_pace.BytesPerSecond, 10, 30);
    }

    [Fact]
    public void The_frequency_of_reports_makes_no_difference()
    {
        OperationPace often = new();
        At(1, 100);
        often.Update(TimeSpan.FromSeconds(1), new OperationProgress(100, Total));
        At(3, 120);
        for (int hundredth = 101; hundredth <= 300; hundredth++)
        {
            often.Update(TimeSpan.FromSeconds(hundredth / 100.0), new OperationProgress(100 + ((hundredth - 100) / 10), Total));
        }

        Assert.Equal(_pace.BytesPerSecond, often.BytesPerSecond, tolerance: 1);
    }

    [Fact]
    public void A_finished_operation_has_no_time_left_and_nothing_divides_by_zero()
    {
        At(0, 10);
        At(1, Total);
        Assert.Equal(TimeSpan.Zero, _pace.Remaining);
        At(1, Total);
        At(2, Total + 5);
        Assert.Equal(TimeSpan.Zero, _pace.Remaining);
    }

    [Fact]
    public void Backward_steps_and_the_largest_disks_stay_in_range()
    {
        At(1, 100);
        At(2, 50);
        Assert.True(_pace.BytesPerSecond >= 0);
        _pace.Update(TimeSpan.FromSeconds(3), new OperationProgress(51, long.MaxValue));
        Assert.True(_pace.Remaining!.Value.TotalSeconds <= int.MaxValue);
    }

    private void At(double seconds, long done) => _pace.Update(TimeSpan.FromSeconds(seconds), new OperationProgress(done, Total));
}
